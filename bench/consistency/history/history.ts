/** A permission that a team's policy can grant. */
export type Permission = "read" | "write" | "list";

/** The superuser, or the name of a team whose policy grants its workload permissions below `team/NAME/`. */
export type Caller = "superuser" | (string & {});

/** An operation's input. No two operations write the same `value`. Version number 0 means the current version. */
export type Request =
  | { readonly kind: "put"; readonly path: string; readonly value: string; readonly cas?: number }
  | { readonly kind: "delete"; readonly path: string; readonly numbers: readonly number[]; readonly cas?: number }
  | { readonly kind: "undelete"; readonly path: string; readonly numbers: readonly number[]; readonly cas?: number }
  | { readonly kind: "get"; readonly path: string; readonly number: number }
  | { readonly kind: "metadata"; readonly path: string }
  | { readonly kind: "list"; readonly prefix: string }
  | { readonly kind: "grant"; readonly team: string; readonly permissions: readonly Permission[] }
  | { readonly kind: "revoke"; readonly team: string }
  /** Lets a team change policies, and ends that. */
  | { readonly kind: "delegate"; readonly team: string }
  | { readonly kind: "undelegate"; readonly team: string }
  | { readonly kind: "prune"; readonly days: number };

/** A version as metadata shows it. Times are Unix milliseconds by the database's clock. */
export interface VersionMetadata {
  readonly number: number;
  readonly createdAt: number;
  /** null if the version is not deleted. */
  readonly deletedAt: number | null;
}

/** The body of a 200 response. */
export type Result =
  | { readonly kind: "written"; readonly version: number; readonly revision: number }
  | { readonly kind: "value"; readonly value: string }
  | {
      readonly kind: "metadata";
      readonly current: number;
      readonly oldest: number;
      /** By ascending number. */
      readonly versions: readonly VersionMetadata[];
    }
  | { readonly kind: "keys"; readonly keys: readonly string[] }
  /** `floor`: no entry above this revision was deleted. */
  | { readonly kind: "pruned"; readonly revision: number; readonly floor: number };

/** One request to a worker and its response. Times are milliseconds by one monotonic clock for the whole run. */
export interface Exchange {
  readonly invokedAt: number;
  /** When the response arrived, or when the client gave up waiting for one. */
  readonly completedAt: number;
  readonly worker: number;
  /** Trace ID, 32 hex digits, unique to this exchange. The audit entry of a write has the trace ID of its exchange. */
  readonly trace: string;
  /** HTTP status, or 0 without a response. The outcome of 0 and 503 is unknown. */
  readonly status: number;
  /** Present exactly if the status is 200. */
  readonly result?: Result;
  /** The highest revision among the bookmarks that the request sent. 0 if it only requested one. */
  readonly sentBookmark?: number;
  /** The revision of the bookmark in the response. */
  readonly receivedBookmark?: number;
  /** Present if the service refused the request because of its bookmark. */
  readonly bookmarkError?: BookmarkError;
}

/** The error codes of requests that are refused because of their bookmark. */
export type BookmarkError = "other_store" | "store_replaced" | "bookmark_expired" | "store_behind" | "store_went_back";

/**
 * How a worker reaches the database.
 *
 * - `primary`: `LIBSQL_URL` is the primary.
 * - `through-replica`: `LIBSQL_URL` is a replica, which forwards each load to the primary.
 * - `replica-writes`: writes load from a replica and commit at the primary. Reads load from the primary.
 * - `replica-reads`: as before, and reads load from the replica if it is fresh enough.
 */
export type Route = "primary" | "through-replica" | "replica-writes" | "replica-reads";

/** One operation of one client: an exchange, and retries of it under the same idempotency key. */
export interface Operation {
  readonly id: number;
  readonly client: number;
  readonly caller: Caller;
  readonly request: Request;
  readonly key?: string;
  /** ID of an earlier, acknowledged operation with the same key and another request. This one must be refused. */
  readonly reusesKeyOf?: number;
  /** By ascending `invokedAt`; at least one. They may overlap. */
  readonly exchanges: readonly Exchange[];
}

/** An audit entry as it is stored at the end of the run. */
export interface AuditEntry {
  readonly revision: number;
  /** `remove` ends the lifetime of a path and all its versions. The next put starts again at version 1. */
  readonly action: "put" | "delete" | "undelete" | "remove" | "prune";
  /** `secret:PATH`, `policy:NAME` or `audit`. A team's policy has the team's name, its delegation the name `delegate-TEAM`. */
  readonly resource: string;
  readonly writeId: string;
  readonly trace: string;
  /** Path of the caller's SPIFFE ID. */
  readonly caller: string;
  /** Unix milliseconds by the database's clock. */
  readonly at: number;
  /** Unix milliseconds by the clock of the worker. */
  readonly workerAt?: number;
  /** The version in the response: the one written, or the resulting current one. Absent for policies. */
  readonly version?: number;
}

/** Requests to a database that applied a withheld commit or put old rows back. */
export interface Trial {
  /** What the database did. */
  readonly fault: string;
  readonly exchanges: readonly { readonly kind: Request["kind"]; readonly status: number }[];
}

/** From `at` on, by the clock of the exchanges, the database's clock is ahead by `offsetMs`. */
export interface ClockChange {
  readonly at: number;
  readonly offsetMs: number;
}

/** A commit that a proxy had answered with 502, and passed on to the database later. */
export interface LateCommit {
  /** Trace ID of the exchange. */
  readonly trace: string;
  /** When the proxy received it and passed it on, by the clock of the exchanges. */
  readonly receivedAt: number;
  readonly at: number;
  /** True if the database applied it then. */
  readonly isWon: boolean;
}

/** Everything that was recorded in a run. */
export interface History {
  /** Names of the faults that were injected. Undefined in a history that was not recorded. */
  readonly faults?: readonly string[];
  /** Deadline of each request, in milliseconds after its arrival at a worker. */
  readonly deadlineMs?: number;
  readonly lateCommits?: readonly LateCommit[];
  readonly trials?: readonly Trial[];
  /** Entries up to this revision are old by both clocks, so they may be pruned. Others may not. */
  readonly prunableUntil?: number;
  /** Jumps of the database's clock for all requests, in ascending order. */
  readonly clockChanges?: readonly ClockChange[];
  /** Unix milliseconds at which the clock of the exchanges starts, by this machine's clock. */
  readonly timeOrigin?: number;
  /** How each worker reaches the database. Absent if all of them reach the primary. */
  readonly routes?: readonly Route[];
  /** The staleness that workers with the route `replica-reads` allow, in milliseconds. */
  readonly maxStalenessMs?: number;
  /** How much staler a read may be, because clocks differ and times are rounded. In milliseconds. */
  readonly stalenessToleranceMs?: number;
  /** True if clients of the run sent bookmarks. */
  readonly hasBookmarks?: boolean;
  /** Number of clients under faults. Undefined in a history that was not recorded. */
  readonly clients?: number;
  /** Number of versions that the service keeps of each secret. */
  readonly maxVersions: number;
  /** The same by the worker that created the secret, if workers differ. */
  readonly maxVersionsByWorker?: readonly number[];
  /** Indexed by `id`, from 0. */
  readonly operations: readonly Operation[];
  /** In the order in which the database returned the entries. */
  readonly auditLog: readonly AuditEntry[];
}

/** True for requests that may be repeated under an idempotency key. A prune that finds nothing to delete commits nothing. */
export function isWrite({ kind }: Request): boolean {
  return kind !== "get" && kind !== "metadata" && kind !== "list" && kind !== "prune";
}

/** True if any exchange of the operation succeeded. */
export function isAcknowledged(operation: Operation | undefined): boolean {
  return operation?.exchanges.some(({ status }) => status === 200) === true;
}

/** Name of the policy that lets a team change policies. */
export function delegationOf(team: string): string {
  return `delegate-${team}`;
}
