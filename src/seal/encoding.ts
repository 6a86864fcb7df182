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
export function canonical(label: string, fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const parts = [label, ...fields].map(encodeField);
  const out = new Uint8Array(4 + parts.reduce((sum, part) => sum + part.length, 0));
  new DataView(out.buffer).setUint32(0, parts.length);
  let offset = 4;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

function encodeField(field: Field): Uint8Array {
  if (field === null) return Uint8Array.of(NULL);
  if (typeof field === "number") return encodeInteger(field);
  if (typeof field === "string") return prefixed(TEXT, encodeText(field));
  return prefixed(BLOB, field);
}

function encodeInteger(value: number): Uint8Array {
  if (!Number.isSafeInteger(value)) throw new RangeError("Cannot encode a number: it is not a safe integer");
  const out = new Uint8Array(9);
  out[0] = INTEGER;
  new DataView(out.buffer).setBigInt64(1, BigInt(value));
  return out;
}

function encodeText(text: string): Uint8Array {
  // TextEncoder turns every lone surrogate into U+FFFD: two different texts would get one encoding.
  if (!text.isWellFormed()) throw new RangeError("Cannot encode a text: it holds a lone surrogate");
  return new TextEncoder().encode(text);
}

function prefixed(type: number, bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(5 + bytes.length);
  out[0] = type;
  new DataView(out.buffer).setUint32(1, bytes.length);
  out.set(bytes, 5);
  return out;
}
