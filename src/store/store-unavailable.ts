/** Why the store did not give a usable answer. Stable codes for logs, without any content of the request or the answer. */
export type UnavailableCause =
  | "connection"
  | "status"
  | "malformed"
  | "busy"
  | "rejected"
  | "deadline"
  | "gone"
  | "budget"
  | "schema";

/**
 * The store did not give a usable answer.
 *
 * `outcome` is what is known about a commit. `"none"`: it did not happen and never will. `"unknown"`: it may have happened or
 * may still happen. For a load, it is always `"none"`.
 */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
  readonly reason: UnavailableCause;
  readonly outcome: "none" | "unknown";
  /** Details for the operator's log: a status or a SQLite code. Never text from the server, which may quote the request. */
  readonly detail: string;

  constructor(reason: UnavailableCause, outcome: "none" | "unknown", detail: string) {
    super(`Cannot reach the store: ${reason}`);
    this.reason = reason;
    this.outcome = outcome;
    this.detail = detail;
  }
}
