import Database from "libsql";
import type { HranaError } from "./outcome.ts";

const SQLITE_BUSY = 5;
const SQLITE_BUSY_RECOVERY = 261;

/**
 * Whether a statement found a lock taken and has changed nothing, so that it can be tried again. SQLITE_BUSY_SNAPSHOT
 * is not among them: the transaction has read what another has since changed, and waiting can't help.
 */
export function isWorthRetrying(error: unknown): boolean {
  return (
    error instanceof Database.SqliteError && (error.rawCode === SQLITE_BUSY || error.rawCode === SQLITE_BUSY_RECOVERY)
  );
}

/** The error under its base code; `undefined` for what is not an error of SQLite. */
export function hranaErrorOf(error: unknown): HranaError | undefined {
  if (!(error instanceof Database.SqliteError)) {
    return undefined;
  }
  const [code] = /^SQLITE_[A-Z]+/u.exec(error.code) ?? ["SQLITE_ERROR"];
  return { message: `SQLite error: ${error.message}`, code };
}
