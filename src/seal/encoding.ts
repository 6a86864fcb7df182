/** One authenticated value: SQLite's NULL, INTEGER, TEXT or BLOB. Integers must be safe integers. */
export type Field = null | number | string | Uint8Array;

const NULL = 0;
const INTEGER = 1;
const TEXT = 2;
const BLOB = 3;

/**
 * Encodes everything that is authenticated: AAD of sealed records, MAC inputs and keyed digests.
 *
 * `label` names the kind of record, so that bytes made for one purpose cannot be used for another. Each field has a type
 * and, if its length varies, a length, so that two different lists of fields never have the same encoding.
 *
 * Layout: u32 number of fields including the label, then for each field a type byte and
 * nothing (NULL) | int64 big endian (INTEGER) | u32 length and bytes (TEXT as UTF-8, BLOB).
 */
export function encodeCanonical(label: string, fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  let size = 4 + sizeOf(label);
  for (const field of fields) size += sizeOf(field);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  view.setUint32(0, fields.length + 1);
  let end = write({ out, view }, 4, label);
  for (const field of fields) end = write({ out, view }, end, field);
  return out;
}

interface Target {
  readonly out: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
}

/** Shared, because this runs a dozen times per request. It keeps no state between calls. */
const UTF8: Readonly<TextEncoder> = new TextEncoder();

function sizeOf(field: Field): number {
  if (field === null) return 1;
  if (typeof field === "number") return 9;
  return 5 + (typeof field === "string" ? utf8Length(field) : field.length);
}

/** The length of a text in UTF-8 (RFC 3629, section 3). */
function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    // Below 0x800: two bytes. A surrogate pair is two code units and four bytes, so two bytes per unit. Others: three bytes.
    if (code >= 0x80) length += code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 1 : 2;
  }
  return length;
}

/** Writes a field at `start` and returns the offset behind it. */
function write({ out, view }: Target, start: number, field: Field): number {
  if (field === null) {
    out[start] = NULL;
    return start + 1;
  }
  if (typeof field === "number") {
    if (!Number.isSafeInteger(field)) throw new RangeError("Cannot encode a number: it is not a safe integer");
    out[start] = INTEGER;
    // The upper half carries the sign.
    view.setInt32(start + 1, Math.floor(field / 2 ** 32));
    view.setUint32(start + 5, field >>> 0);
    return start + 9;
  }
  let length: number;
  if (typeof field === "string") {
    out[start] = TEXT;
    length = writeAscii(out, start + 5, field) ? field.length : writeText(out, start + 5, field);
  } else {
    out[start] = BLOB;
    length = field.length;
    out.set(field, start + 5);
  }
  view.setUint32(start + 1, length);
  return start + 5 + length;
}

const ASCII_END = 0x80;

/** Writes an ASCII text and returns true, or returns false. For short texts this is faster than calling the encoder. */
function writeAscii(out: Uint8Array, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= ASCII_END) return false;
    out[start + index] = code;
  }
  return true;
}

function writeText(out: Uint8Array, start: number, text: string): number {
  // TextEncoder replaces every lone surrogate by U+FFFD, so two different texts would have the same encoding.
  if (!text.isWellFormed()) throw new RangeError("Cannot encode a text: it contains a lone surrogate");
  return UTF8.encodeInto(text, out.subarray(start)).written;
}
