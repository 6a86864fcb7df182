import { LibsqlError } from "@libsql/client/web";
import { abortedBy, StoreUnavailable } from "../store-unavailable.ts";
import { type ErrorMeaning, meaningOfNetworkError } from "./error-meaning.ts";
import type { Mode } from "./execute.ts";

/**
 * Converts an error of the driver, or of the connection to the database.
 *
 * `checkAnswer` finds the errors of statements before the driver does. What remains says nothing about a commit: a reset
 * connection, a deadline, an unreadable body.
 */
export function toUnavailable(error: unknown, mode: Mode, signal: AbortSignal): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  const open = mode === "write" ? "unknown" : "none";
  if (signal.aborted) return abortedBy(signal, open);
  if (error instanceof LibsqlError) return new StoreUnavailable("malformed", open, safeCode(error.code));
  if (error instanceof SyntaxError || error instanceof RangeError) {
    return new StoreUnavailable("malformed", open, error.name);
  }
  const code = systemCode(error);
  const meaning = meaningOfNetworkError(code);
  return new StoreUnavailable(meaning.reason, open, toDetail(code ?? "network error", meaning));
}

/** What the log says about an error of the database: its code or status, and what to check. */
export function toDetail(name: string, { check }: ErrorMeaning): string {
  return check === undefined ? name : `${name}: ${check}`;
}

/** The server chooses the code. Logs get it only if it looks like one: other text may quote what was sent. */
export function safeCode(code: string): string {
  return /^[A-Z0-9_]{1,40}$/.test(code) ? code : "unknown code";
}

/** Node's code of a network failure, such as ECONNREFUSED, ENOTFOUND or CERT_HAS_EXPIRED. */
function systemCode(error: unknown): string | undefined {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code: unknown = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" && safeCode(code) === code ? code : undefined;
}
