import { StoreUnavailable } from "../store-unavailable.ts";
import type { Mode } from "./execute.ts";

/**
 * Tells what an error on the way to the database and back means for a commit: a cut connection, a deadline or an unreadable
 * body leave it open. What the database itself says of its steps is read in `hrana.ts`.
 */
export function toUnavailable(error: unknown, mode: Mode, signal: AbortSignal): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  const open = mode === "write" ? "unknown" : "none";
  if (signal.aborted) {
    const reason: unknown = signal.reason;
    const gone = reason instanceof StoreUnavailable && reason.reason === "gone";
    return new StoreUnavailable(gone ? "gone" : "deadline", open, "aborted");
  }
  return error instanceof SyntaxError || error instanceof RangeError
    ? new StoreUnavailable("malformed", open, error.name)
    : new StoreUnavailable("connection", open, "no answer");
}

/** Worth another look: a lock that others hold, or a row that others put there since. */
export function isPassing(code: string): boolean {
  return /^SQLITE_(BUSY|LOCKED|CONSTRAINT)/.test(code);
}

/** Codes come from the server: log those that look like one, never text that may quote what was sent. */
export function safeCode(code: string): string {
  return /^[A-Z0-9_]{1,40}$/.test(code) ? code : "unknown code";
}
