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

/** A follower could not have a program run by its primary, or has no results of it. It answers with this status. */
export class ForwardFailure extends Error {
  readonly status: 400 | 500;

  constructor(status: 400 | 500, message: string) {
    super(message);
    this.status = status;
  }
}

const SQLITE_BUSY = 5;
const SQLITE_BUSY_SNAPSHOT = 517;

/** True if the statement met a lock before it changed anything. */
export function isBusy(error: unknown): boolean {
  return (extendedCode(error) & 0xff) === SQLITE_BUSY;
}

/** False also if waiting does not help, because the transaction has read data that another has changed since. */
export function isWorthRetrying(error: unknown): boolean {
  return isBusy(error) && extendedCode(error) !== SQLITE_BUSY_SNAPSHOT;
}

function extendedCode(error: unknown): number {
  return error instanceof Database.SqliteError ? (error.rawCode ?? 0) : 0;
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
