/**
 * Why the store did not give a usable answer, and whether a later attempt may succeed. Stable codes for logs, without any
 * content of the request or the answer.
 */
const CAUSES = {
  /** No answer arrived. */
  connection: "passing",
  /** No answer arrived within the time limit of this one database request. */
  timeout: "passing",
  /** The answer has an HTTP status that says nothing about the request. */
  status: "passing",
  /** The answer does not fit the request. */
  malformed: "passing",
  /** Too many requests, or another client holds a lock. */
  busy: "passing",
  /** A replica could not run the statements on the primary. */
  replica: "passing",
  /** The TLS certificate of the database is not trusted. */
  certificate: "permanent",
  /** The database refused the token. */
  unauthorized: "permanent",
  /** The URL does not lead to a database. */
  no_database: "permanent",
  /** A table or column is missing. */
  not_migrated: "permanent",
  /** The database is blocked by its administrator or plan. */
  blocked: "permanent",
  /** What is to be stored exceeds a limit of the database. */
  too_large: "permanent",
  /** What is to be loaded exceeds a limit of the database. */
  answer_too_large: "permanent",
  /** A statement failed, and will fail again. */
  rejected: "permanent",
  /** The time of the whole request is up. */
  deadline: "permanent",
  /** The client hung up. */
  gone: "permanent",
  budget: "permanent",
  schema: "permanent",
} as const;

export type UnavailableCause = keyof typeof CAUSES;

/** The longest `Retry-After` of the database that a request waits for. Its deadline is 8 s by default. */
const MAX_RETRY_AFTER_MS = 3000;

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
  /** The pause that the database requires before the next request. */
  readonly retryAfterMs: number | undefined;

  constructor(
    reason: UnavailableCause,
    outcome: "none" | "unknown",
    detail: string,
    { retryAfterMs }: { readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(`Cannot reach the store: ${reason}`);
    this.reason = reason;
    this.outcome = outcome;
    this.detail = detail;
    this.retryAfterMs = retryAfterMs;
  }

  /** The same failure of a request that changes nothing. */
  withoutEffect(): StoreUnavailable {
    if (this.outcome === "none") return this;
    return new StoreUnavailable(this.reason, "none", this.detail, { retryAfterMs: this.retryAfterMs });
  }

  /** True if a later attempt of the same request may succeed. */
  get isPassing(): boolean {
    return CAUSES[this.reason] === "passing" && (this.retryAfterMs ?? 0) <= MAX_RETRY_AFTER_MS;
  }
}

/** The failure of a database request that `signal` aborted. */
export function abortedBy(signal: AbortSignal, outcome: "none" | "unknown"): StoreUnavailable {
  const reason: unknown = signal.reason;
  return reason instanceof StoreUnavailable
    ? new StoreUnavailable(reason.reason, outcome, reason.detail)
    : new StoreUnavailable("deadline", outcome, "aborted");
}
