/** A value as the `libsql` package takes and gives it with safe integers on: every `number` is a REAL. */
export type SqlValue = null | bigint | number | string | Uint8Array;

/** A value as Hrana writes it in JSON. */
export type WireValue =
  | { readonly type: "null" }
  | { readonly type: "integer"; readonly value: string }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "blob"; readonly base64: string };

const SMALLEST_INTEGER = -(2n ** 63n);
const LARGEST_INTEGER = 2n ** 63n - 1n;

/** Reads one value off the wire; `undefined` when it has not the shape of one. */
export function decodeValue(wire: Readonly<Record<string, unknown>>): SqlValue | undefined {
  switch (wire["type"]) {
    case "null":
      return null;
    case "integer":
      return decodeInteger(wire["value"]);
    case "float":
      return typeof wire["value"] === "number" ? wire["value"] : undefined;
    case "text":
      // UTF-8 has no lone surrogates: SQLite would store another text than the one sent.
      return typeof wire["value"] === "string" && wire["value"].isWellFormed() ? wire["value"] : undefined;
    case "blob":
      return decodeBlob(wire["base64"]);
    default:
      return undefined;
  }
}

/** Writes one value for the wire. JSON has no infinities: they become `null` there. */
export function encodeValue(value: unknown): WireValue {
  if (value === null) {
    return { type: "null" };
  }
  if (typeof value === "bigint") {
    return { type: "integer", value: value.toString() };
  }
  if (typeof value === "number") {
    return { type: "float", value };
  }
  if (typeof value === "string") {
    return { type: "text", value };
  }
  if (value instanceof Uint8Array) {
    return { type: "blob", base64: encodeBlob(value) };
  }
  throw new TypeError(`Cannot write a ${typeof value} for the wire: SQLite knows no such value`);
}

function decodeInteger(value: unknown): bigint | undefined {
  if (typeof value !== "string" || !/^[+-]?\d{1,19}$/u.test(value)) {
    return undefined;
  }
  const integer = BigInt(value.replace(/^\+/u, ""));
  return integer >= SMALLEST_INTEGER && integer <= LARGEST_INTEGER ? integer : undefined;
}

function decodeBlob(base64: unknown): Uint8Array | undefined {
  if (typeof base64 !== "string") {
    return undefined;
  }
  const digits = base64.endsWith("=") ? base64.replace(/={1,2}$/u, "") : base64;
  const bytes = Buffer.from(digits, "base64");
  // Node skips what is no base64, so a short result is the only sign of it.
  return digits.length % 4 !== 1 && bytes.length === Math.floor((digits.length * 3) / 4) ? bytes : undefined;
}

function encodeBlob(bytes: Uint8Array): string {
  const padded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  return padded.replace(/=+$/u, "");
}
