import type { AuditRow, AuditValues, Bytes, KeyRow, SecretRow, SecretValues, StoreRow } from "./rows.ts";
import type { VersionRow, VersionState } from "./rows.ts";

/**
 * Where everything is kept, and all that is asked of it: read one snapshot, commit one change.
 *
 * **Snapshot.** A load sees the state between two commits: every part of the answer is of one moment. It is at least as
 * new as the newest commit acknowledged before the load began.
 *
 * **Atomic.** Of a commit either everything is stored, or nothing. There is no state in between, for nobody, not after a
 * crash either. Once acknowledged it is durable.
 *
 * **Conditional.** A commit wins only if, at the moment it is applied, (1) the store's epoch is the one it was decided
 * on, (2) the row it changes has the row version it was decided on, or is missing where it was found missing and has not
 * existed in between, and (3) its write id was never committed. Otherwise it changes nothing and loses.
 *
 * **Ordered.** Winning commits are numbered by `revision`: 1, 2, 3 and so on, without gap, in the order in which they
 * become visible. The audit entry and every row that the commit writes carry that number.
 *
 * **Fresh verdict.** Won or lost, a commit answers with a snapshot of the same query as of its own end. A loser can
 * decide again from it without another trip.
 *
 * **Failures.** A store that cannot answer throws {@link StoreUnavailable}. After `outcome: "none"` nothing happened and
 * never will. After `"unknown"` the commit may have been applied, or may still be: only its write id tells.
 *
 * One load or commit is one round trip.
 */
export interface Store {
  load<Q extends Query>(query: Q, signal: AbortSignal): Promise<Snapshot<Q>>;
  commit<Q extends Query>(change: Change, query: Q, signal: AbortSignal): Promise<Commit<Q>>;
}

/** What to read besides the store row and its keys. */
export interface Query {
  readonly secret?: {
    readonly path: string;
    /** A version with its value: the highest live one, or the one of that number. `"none"`: states only. */
    readonly version: "current" | "none" | number;
  };
  /** Paths of all secrets that begin with `prefix`, from `after` (exclusive) on, as UTF-8 bytes ascending. */
  readonly paths?: { readonly prefix: string; readonly after: string; readonly limit: number };
  /** Audit entries from revision `after` (exclusive) on, ascending. */
  readonly audit?: { readonly after: number; readonly limit: number };
  /** The audit entry of this write id. */
  readonly writeId?: string;
}

export interface SecretView {
  readonly head: SecretRow | undefined;
  /** All versions by ascending number; left out when `"current"` was asked and the head's `current` is still live. */
  readonly states: readonly VersionState[] | undefined;
  readonly version: VersionRow | undefined;
  /** The newest audit entry of `secret:PATH`. */
  readonly tail: AuditRow | undefined;
}

/** What a snapshot may hold besides the store row; a part is there exactly when the query asks for it. */
interface SnapshotParts {
  readonly secret: SecretView | undefined;
  readonly paths: readonly string[] | undefined;
  readonly audit: readonly AuditRow[] | undefined;
}

export interface AnySnapshot extends SnapshotParts {
  /** The database's clock, in milliseconds. */
  readonly now: number;
  readonly store: StoreRow;
  /** MAC of the audit entry at the store's revision; null where there is none. */
  readonly newest: Bytes | null;
  readonly keys: readonly KeyRow[];
  readonly replay: AuditRow | undefined;
}

export type Snapshot<Q extends Query> = Omit<AnySnapshot, keyof SnapshotParts> & {
  readonly [Part in keyof SnapshotParts]: Q[Part] extends object ? NonNullable<SnapshotParts[Part]> : undefined;
};

/** One change with its audit entry; what it was decided on is part of it. */
export interface Change {
  readonly audit: AuditValues;
  /** Revision of the resource's newest audit entry as loaded, 0 = there was none. */
  readonly tail: number;
  readonly secret?: SecretChange;
  /** Set when the store was empty: its keys and first MAC. The commit then also requires revision 0. */
  readonly init?: { readonly keys: readonly KeyRow[]; readonly keyId: string; readonly mac: Bytes };
  /** Set when the change alters who may do what: raises the epoch by one, with the MAC for that next epoch. */
  readonly authority?: { readonly keyId: string; readonly mac: Bytes };
}

export type SecretChange =
  | { readonly kind: "create"; readonly head: SecretValues; readonly versions: VersionChanges }
  | {
      readonly kind: "update";
      /** Row version of the head as loaded. */
      readonly seen: number;
      readonly head: SecretValues;
      readonly versions: VersionChanges;
    }
  | { readonly kind: "remove"; readonly seen: number; readonly path: string };

export interface VersionChanges {
  readonly insert?: VersionRow;
  /** Versions below this number are deleted for good. */
  readonly pruneBelow?: number;
  readonly softDelete?: { readonly numbers: readonly number[]; readonly at: number };
  readonly restore?: { readonly numbers: readonly number[] };
}

export type Commit<Q extends Query> =
  | { readonly won: true; readonly revision: number; readonly snapshot: Snapshot<Q> }
  | { readonly won: false; readonly snapshot: Snapshot<Q> };
