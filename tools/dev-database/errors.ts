import Database from "libsql";
import type { HranaError } from "./hrana.ts";

/** A failure of one statement or stream. The server reports it under its code. */
export class HranaFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The pipeline breaks the protocol. The server refuses all of it with status 400. */
export class MalformedPipeline extends Error {}

const SQLITE_BUSY = 5;
const SQLITE_BUSY_RECOVERY = 261;

/**
 * True if another connection holds the lock, so that the statement can succeed later. False for SQLITE_BUSY_SNAPSHOT:
 * the transaction has read data that has changed since, and waiting does not help.
 */
export function isLocked(error: unknown): boolean {
  return (
    error instanceof Database.SqliteError && (error.rawCode === SQLITE_BUSY || error.rawCode === SQLITE_BUSY_RECOVERY)
  );
}

/** The error as the protocol carries it, with SQLite's base code. Throws `error` again if neither SQLite nor the statement failed. */
export function toHranaError(error: unknown): HranaError {
  if (error instanceof HranaFailure) {
    return { message: error.message, code: error.code };
  }
  if (error instanceof Database.SqliteError) {
    const [code] = /^SQLITE_[A-Z]+/u.exec(error.code) ?? ["SQLITE_ERROR"];
    return { message: `SQLite error: ${error.message}`, code };
  }
  throw error;
}
