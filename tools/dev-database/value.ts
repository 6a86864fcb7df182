import { MalformedPipeline } from "./errors.ts";
import type { Value } from "./hrana.ts";

/** A value of the `libsql` package with safe integers on: each `number` is a REAL. */
export type SqlValue = null | bigint | number | string | Uint8Array;

/** Strict, like the real server, so that tests notice a client that encodes values wrongly. */
export function decodeValue(wire: Value): SqlValue {
  const value = decode(wire);
  if (value === undefined) {
    throw new MalformedPipeline("an argument is not a valid SQL value");
  }
  return value;
}

function decode(wire: Value): SqlValue | undefined {
  switch (wire.type) {
    case "null":
      return null;
    case "integer":
      return isInteger(wire.value) ? BigInt(wire.value) : undefined;
    case "float":
      return typeof wire.value === "number" ? wire.value : undefined;
    case "text":
      // SQLite stores UTF-8, which cannot represent lone surrogates.
      return typeof wire.value === "string" && wire.value.isWellFormed() ? wire.value : undefined;
    case "blob":
      return typeof wire.base64 === "string" ? decodeBase64(wire.base64) : undefined;
    default:
      return undefined;
  }
}

function isInteger(value: unknown): boolean {
  return typeof value === "string" && /^-?\d{1,19}$/u.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value);
}

/** Padding is optional: clients send either. */
function decodeBase64(base64: string): Uint8Array | undefined {
  const digits = base64.replace(/={1,2}$/u, "");
  const bytes = Buffer.from(digits, "base64");
  // Node skips invalid characters, so a short result reveals them.
  return digits.length % 4 !== 1 && bytes.length === Math.floor((digits.length * 3) / 4) ? bytes : undefined;
}

/** Blobs have no padding, as on the real server. */
export function encodeValue(value: unknown): Value {
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
  if (Buffer.isBuffer(value)) {
    return { type: "blob", base64: value.toString("base64").replace(/=+$/u, "") };
  }
  throw new TypeError(`Cannot encode a ${typeof value}: SQLite has no such type`);
}
