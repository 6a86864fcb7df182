import { LibsqlBatchError, LibsqlError } from "@libsql/client/web";
import { StoreUnavailable } from "../store-unavailable.ts";
import type { Mode } from "./execute.ts";

/**
 * What an error of the driver, or of the way to the database, says about a commit.
 *
 * Only the error of a statement says that nothing was applied: the batch was rolled back. A reset connection, a deadline, an
 * unreadable body and a failed COMMIT leave the outcome unknown.
 */
export function toUnavailable(error: unknown, mode: Mode, signal: AbortSignal): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  const open = mode === "write" ? "unknown" : "none";
  if (signal.aborted) {
    const reason: unknown = signal.reason;
    const gone = reason instanceof StoreUnavailable && reason.reason === "gone";
    return new StoreUnavailable(gone ? "gone" : "deadline", open, "aborted");
  }
  if (error instanceof LibsqlError) return ofDriver(error, open);
  return error instanceof SyntaxError || error instanceof RangeError
    ? new StoreUnavailable("malformed", open, error.name)
    : new StoreUnavailable("connection", open, "no answer");
}

function ofDriver(error: LibsqlError, open: "none" | "unknown"): StoreUnavailable {
  const code = safeCode(error.code);
  // Codes of the driver and of the protocol, not of SQLite: the answer was not understood.
  if (!error.code.startsWith("SQLITE_")) return new StoreUnavailable("malformed", open, code);
  // BEGIN and COMMIT are no statements of the batch for the driver: their errors are plain `LibsqlError`s.
  const outcome = error instanceof LibsqlBatchError ? "none" : open;
  return new StoreUnavailable(isPassing(error.code) ? "busy" : "rejected", outcome, code);
}

/** Worth a retry: another client holds a lock, or has written a row of this name. */
export function isPassing(code: string): boolean {
  return /^SQLITE_(BUSY|LOCKED|CONSTRAINT)/.test(code);
}

/** The server chooses the code. Logs get it only if it looks like one: other text may quote what was sent. */
export function safeCode(code: string): string {
  return /^[A-Z0-9_]{1,40}$/.test(code) ? code : "unknown code";
}
