/** Thrown inside the parsers and caught by the one that is called from outside, which turns it into a failure. */
export class Malformed extends Error {}

export type JsonObject = Readonly<Record<string, unknown>>;

export function parseObject(value: unknown, what: string): JsonObject {
  if (!isObject(value)) {
    throw new Malformed(`${what} is no object`);
  }
  return value;
}

export function parseArray(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new Malformed(`${what} is no array`);
  }
  return value;
}

/** Well-formed text without NUL, at which SQLite would stop reading SQL. */
export function parseSql(value: unknown, what: string): string {
  if (typeof value !== "string" || !value.isWellFormed() || value.includes("\0")) {
    throw new Malformed(`${what} is no SQL text`);
  }
  return value;
}

export function parseInt32(value: unknown, what: string): number {
  if (typeof value !== "number" || (value | 0) !== value) {
    throw new Malformed(`${what} is no 32-bit integer`);
  }
  return value;
}

/** JSON's `null` counts as absent. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
