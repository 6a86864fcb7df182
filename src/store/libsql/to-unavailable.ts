import { LibsqlBatchError, LibsqlError } from "@libsql/client/web";
import { StoreUnavailable } from "../store-unavailable.ts";
import type { Mode } from "./execute.ts";

/**
 * Tells what an error of the driver means for a commit.
 *
 * Only the error of a statement, reported inside a readable answer, says that nothing happened: the batch was rolled
 * back. A cut connection, a deadline or an unreadable body leave it open, and so does a failing COMMIT.
 */
export function toUnavailable(error: unknown, mode: Mode, signal: AbortSignal): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  const open = mode === "write" ? "unknown" : "none";
  if (signal.aborted) {
    const reason: unknown = signal.reason;
    const gone = reason instanceof StoreUnavailable && reason.reason === "gone";
    return new StoreUnavailable(gone ? "gone" : "deadline", open, "aborted");
  }
  if (!(error instanceof LibsqlError)) {
    return error instanceof SyntaxError || error instanceof RangeError
      ? new StoreUnavailable("rubbish", open, error.name)
      : new StoreUnavailable("connection", open, "no answer");
  }
  if (!error.code.startsWith("SQLITE_")) return new StoreUnavailable("rubbish", open, safeCode(error.code));
  // BEGIN is no statement of the batch to the driver: waiting for the write lock fails before anything was done.
  const settled = error instanceof LibsqlBatchError || error.code === "SQLITE_BUSY" ? "none" : open;
  return new StoreUnavailable(isPassing(error.code) ? "busy" : "rejected", settled, safeCode(error.code));
}

/** Worth another look: a lock that others hold, or a row that others put there since. */
export function isPassing(code: string): boolean {
  return /^SQLITE_(BUSY|LOCKED|CONSTRAINT)/.test(code);
}

/** Codes come from the server: log those that look like one, never text that may quote what was sent. */
export function safeCode(code: string): string {
  return /^[A-Z0-9_]{1,40}$/.test(code) ? code : "unknown code";
}
