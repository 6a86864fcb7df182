/** Why the store gave no usable answer. Stable, for logs; nothing of the request or the answer is in it. */
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
 * The store gave no usable answer.
 *
 * `outcome` says what is known of a commit: `"none"`, it did not happen and never will; `"unknown"`, it may have
 * happened or may still happen. Of a load it is always `"none"`.
 */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
  readonly reason: UnavailableCause;
  readonly outcome: "none" | "unknown";
  /** More for the operator's log: a status, a SQLite code. Never text of the server, which may quote what we sent. */
  readonly detail: string;

  constructor(reason: UnavailableCause, outcome: "none" | "unknown", detail: string) {
    super(`Cannot reach the store: ${reason}`);
    this.reason = reason;
    this.outcome = outcome;
    this.detail = detail;
  }
}
