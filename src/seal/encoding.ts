/** One column of a record: SQLite's NULL, INTEGER, TEXT or BLOB. Integers are safe integers. */
export type Field = null | number | string | Uint8Array;

const NULL = 0;
const INTEGER = 1;
const TEXT = 2;
const BLOB = 3;

/**
 * The one canonical encoding of everything that is authenticated here: AAD of sealed records, MAC inputs, keyed digests.
 *
 * `label` names the kind of record, so that bytes made for one purpose never pass for another. Each field carries its
 * type and, where its length varies, its length: no two lists of fields share an encoding, whatever their contents.
 *
 * Layout: u32 number of fields (the label included), then for each field a type byte and
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

/** One buffer for all: this runs a dozen times in a request, over two dozen fields, and buffers are dear. */
const UTF8: Readonly<TextEncoder> = new TextEncoder();

function sizeOf(field: Field): number {
  if (field === null) return 1;
  if (typeof field === "number") return 9;
  return 5 + (typeof field === "string" ? utf8Length(field) : field.length);
}

/** Bytes of a text in UTF-8 (RFC 3629, section 3). */
function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    // Two bytes; three; and of a pair of surrogates, which are two units and four bytes, two each.
    if (code >= 0x80) length += code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 1 : 2;
  }
  return length;
}

/** Writes a field at `start`, and says where it ends. */
function write({ out, view }: Target, start: number, field: Field): number {
  if (field === null) {
    out[start] = NULL;
    return start + 1;
  }
  if (typeof field === "number") {
    if (!Number.isSafeInteger(field)) throw new RangeError("Cannot encode a number: it is not a safe integer");
    out[start] = INTEGER;
    // The upper half with its sign, then the lower one.
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

/** Writes a text that is ASCII, as nearly all are; whether it was. Calling the encoder takes longer than a short text. */
function writeAscii(out: Uint8Array, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= ASCII_END) return false;
    out[start + index] = code;
  }
  return true;
}

function writeText(out: Uint8Array, start: number, text: string): number {
  // TextEncoder turns every lone surrogate into U+FFFD: two different texts would get one encoding.
  if (!text.isWellFormed()) throw new RangeError("Cannot encode a text: it holds a lone surrogate");
  return UTF8.encodeInto(text, out.subarray(start)).written;
}
