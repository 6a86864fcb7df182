import { HranaFailure } from "./errors.ts";
import type { StatementResult, Value } from "./hrana.ts";
import type { SqlText } from "./sql-text.ts";
import type { SqlValue } from "./value.ts";

/** Limits of sqld 0.24: SQLITE_LIMIT_LENGTH, `--max-response-size`, and 128 requests that run and 128 that wait. */
export const LIMITS = {
  /** Bytes of one text or blob, of the cells of one row that is read, and of the arguments of one INSERT or UPDATE. */
  maxRowBytes: 5_000_000,
  /** Approximate bytes of the result of one request of a pipeline. */
  maxResponseBytes: 10_000_000,
  /** HTTP requests at the same time, running or waiting. */
  maxRequests: 256,
} as const;

/** The result of a request exceeds the limit. All of the request fails, and its transaction is rolled back. */
export class ResponseTooLarge extends HranaFailure {
  constructor() {
    super("RESPONSE_TOO_LARGE", "Response is too large");
  }
}

/**
 * SQLite itself limits each record that it stores. The `libsql` package cannot set that limit, so this only approximates it: by the
 * arguments of a statement that changes rows.
 */
export function checkArguments(args: readonly SqlValue[], { changesRows }: SqlText): void {
  let total = 0;
  for (const value of args) {
    const bytes = sizeOf(value);
    if (bytes > LIMITS.maxRowBytes) {
      throw new HranaFailure("ARGS_INVALID", `Cannot bind an argument of ${bytes} bytes: string or blob too big`);
    }
    total += bytes;
  }
  if (changesRows && total > LIMITS.maxRowBytes) {
    throw tooBig();
  }
}

/** Throws if a row that was read exceeds the limit. */
export function checkRows(rows: readonly (readonly unknown[])[]): void {
  if (rows.some((row) => row.reduce<number>((sum, cell) => sum + sizeOf(cell), 0) > LIMITS.maxRowBytes)) {
    throw tooBig();
  }
}

/** Returns a function that takes the results of one request, and throws once they exceed the limit together. */
export function responseCounter(): (result: StatementResult) => void {
  let total = 0;
  return ({ rows }) => {
    total += rows.reduce((sum, row) => row.reduce((bytes, cell) => bytes + encodedSizeOf(cell), sum), 0);
    if (total > LIMITS.maxResponseBytes) {
      throw new ResponseTooLarge();
    }
  };
}

function encodedSizeOf(value: Value): number {
  switch (value.type) {
    case "text":
      return Buffer.byteLength(value.value);
    case "blob":
      return value.base64.length;
    case "integer":
    case "float":
    case "null":
      return NUMBER_BYTES;
  }
}

function tooBig(): HranaFailure {
  return new HranaFailure("SQLITE_TOOBIG", "SQLite error: string or blob too big");
}

const NUMBER_BYTES = 8;

function sizeOf(value: unknown): number {
  if (typeof value === "string") {
    return Buffer.byteLength(value);
  }
  return value instanceof Uint8Array ? value.length : NUMBER_BYTES;
}
