import type {
  AuditRow,
  AuditValues,
  BundleRow,
  BundleValues,
  Bytes,
  KeyRow,
  PolicyRow,
  RegisteredKey,
} from "./rows.ts";
import type { PolicyValues, SecretRow, SecretValues, StoreRow, VersionRow, VersionState } from "./rows.ts";

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
 * **Fresh verdict.** A commit that has lost answers with a snapshot of the same query as of its own end: its caller can
 * decide again without another trip.
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

/** A store that takes many changes at a time: a key is rotated through all rows there are. */
export interface BulkStore extends Store {
  /**
   * Several changes in one round trip, one after the other as if each were a commit of its own: each wins or loses by the
   * conditions above, as it finds things after those before it. What has won is stored together, or nothing is.
   */
  commitEach<Q extends Query>(changes: readonly Change[], query: Q, signal: AbortSignal): Promise<CommitEach<Q>>;
}

/** What to read besides the store row and its keys. */
export interface Query {
  readonly secret?: {
    readonly path: string;
    /** A version with its value: the highest live one, or the one of that number. `"none"`: states only. */
    readonly version: "current" | "none" | number;
  };
  /**
   * Paths of all secrets that begin with `prefix`, from `after` (exclusive) on, as UTF-8 bytes ascending. With `within`
   * only those that begin with one of these as well, none of which may begin with another.
   */
  readonly paths?: {
    readonly prefix: string;
    readonly after: string;
    readonly limit: number;
    readonly within?: readonly string[];
  };
  /**
   * Policies that carry one of `idTags` and one of `pathTags`, each with its newest audit entry. Where there are none,
   * nobody may see what else is asked for: `secret`, `paths`, `policy` and `policies` come back as if there were nothing.
   * So neither work nor time tells of it.
   */
  readonly grants?: {
    readonly idTags: readonly Bytes[];
    readonly pathTags: readonly Bytes[];
    readonly limit: number;
  };
  /**
   * The stored bundle of the domain that a caller claims to be of, with its newest audit entry. Where there is none, or none
   * that names the key `keyId`, nobody can prove that claim: `trust` itself, `grants`, `identityGrants`, `secret`, `paths`,
   * `policy` and `policies` come back as if there were nothing.
   */
  readonly trust?: { readonly trustDomain: string; readonly keyId?: string };
  /** Policies that carry one of `idTags`, whatever their paths, each with its newest audit entry. */
  readonly identityGrants?: { readonly idTags: readonly Bytes[]; readonly limit: number };
  /** One policy. */
  readonly policy?: { readonly name: string };
  /** All policies by name, as UTF-8 bytes ascending, from `after` (exclusive) on. */
  readonly policies?: { readonly after: string; readonly limit: number };
  /** One trust bundle. */
  readonly bundle?: { readonly trustDomain: string };
  /** All trust bundles by trust domain, from `after` (exclusive) on. */
  readonly bundles?: { readonly after: string; readonly limit: number };
  /** Audit entries, see {@link AuditQuery}. */
  readonly audit?: AuditQuery;
  /**
   * What the first `limit` audit entries behind `after` (and the audit floor, with `aboveFloor`) refer to and lies before
   * them: the entry at that revision itself, the entry before each in the chain of its resource, and the entry at its
   * `base`. By revision, ascending.
   */
  readonly auditContext?: Pick<AuditQuery, "after" | "limit" | "aboveFloor">;
  /** The newest audit entry of a resource. */
  readonly chain?: { readonly resource: string };
  /** Which registered keys are in use: see {@link KeyUse}. */
  readonly keyUse?: object;
  /** How many rows depend on each key: see {@link KeyCount}. */
  readonly keyCounts?: object;
  /** Secrets whose heads are under another key than the given one. */
  readonly outdatedSecrets?: Outdated;
  /** Policies under another key. */
  readonly outdatedPolicies?: Outdated;
  /** Trust bundles under another key. */
  readonly outdatedBundles?: Outdated;
  /** The newest audit entries of policies and trust bundles that are no more, where they are under another key. */
  readonly outdatedDeletions?: Outdated;
  /** The audit entry of this write id. */
  readonly writeId?: string;
}

/** Rows that are under another key than `keyId`, by their key and then by name, `limit` at most. */
export interface Outdated {
  readonly keyId: string;
  /** The place to go on behind; nothing has an empty key id. Names of deletions are their resources. */
  readonly after: { readonly keyId: string; readonly name: string };
  readonly limit: number;
}

/** Audit entries from revision `after` (exclusive) on, ascending; only those that every given filter lets through. */
export interface AuditQuery {
  readonly after: number;
  readonly limit: number;
  /** Entries behind this revision are not looked at. */
  readonly upTo?: number;
  /** Leaves out what lies at or below the audit floor. */
  readonly aboveFloor?: boolean;
  readonly resource?: string;
  readonly spiffeId?: string;
  /** Milliseconds since the epoch: `from` inclusive, `until` exclusive. */
  readonly from?: number;
  readonly until?: number;
}

export interface PolicyView {
  readonly row: PolicyRow | undefined;
  /** The newest audit entry of `policy:NAME`. */
  readonly tail: AuditRow | undefined;
}

export interface BundleView {
  readonly row: BundleRow | undefined;
  /** The newest audit entry of `bundle:TRUST_DOMAIN`. */
  readonly tail: AuditRow | undefined;
}

/** Whether any row but audit entries depends on a key. */
export interface KeyUse {
  readonly keyId: string;
  readonly used: boolean;
}

/** How many rows depend on a key, whether it is registered or not. */
export interface KeyCount {
  readonly keyId: string;
  readonly secrets: number;
  readonly policies: number;
  readonly bundles: number;
  /** 1 where the store row is under it. */
  readonly store: number;
  /** Newest audit entries of policies and bundles that are no more: without them, a name could not be used again. */
  readonly deletions: number;
  /** All audit entries, those included. */
  readonly entries: number;
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
  readonly grants: readonly PolicyView[] | undefined;
  readonly identityGrants: readonly PolicyView[] | undefined;
  readonly policy: PolicyView | undefined;
  readonly policies: readonly PolicyView[] | undefined;
  readonly trust: BundleView | undefined;
  readonly bundle: BundleView | undefined;
  readonly bundles: readonly BundleView[] | undefined;
  readonly audit: readonly AuditRow[] | undefined;
  readonly auditContext: readonly AuditRow[] | undefined;
  readonly chain: { readonly tail: AuditRow | undefined } | undefined;
  /** Of every registered key. */
  readonly keyUse: readonly KeyUse[] | undefined;
  readonly keyCounts: readonly KeyCount[] | undefined;
  /** With the states of all versions, and without a value. */
  readonly outdatedSecrets: readonly SecretView[] | undefined;
  readonly outdatedPolicies: readonly PolicyView[] | undefined;
  readonly outdatedBundles: readonly BundleView[] | undefined;
  readonly outdatedDeletions: readonly AuditRow[] | undefined;
}

export interface AnySnapshot extends SnapshotParts {
  /** The database's clock, in milliseconds. */
  readonly now: number;
  readonly store: StoreRow;
  /** MAC of the audit entry at the store's revision; null where there is none. */
  readonly newest: Bytes | null;
  readonly keys: readonly RegisteredKey[];
  readonly replay: AuditRow | undefined;
}

export type Snapshot<Q extends Query> = Omit<AnySnapshot, keyof SnapshotParts> & {
  readonly [Part in keyof SnapshotParts]: Q[Part] extends object
    ? NonNullable<SnapshotParts[Part]>
    : SnapshotParts[Part];
};

/** One change with its audit entry; what it was decided on is part of it. */
export interface Change {
  readonly audit: AuditValues;
  /** Revision of the resource's newest audit entry as loaded, 0 = there was none. */
  readonly tail: number;
  readonly secret?: SecretChange;
  readonly policy?: PolicyChange;
  readonly bundle?: BundleChange;
  /** Set when the store was empty: its keys and first MAC. The commit then also requires revision 0. */
  readonly init?: { readonly keys: readonly KeyRow[]; readonly keyId: string; readonly mac: Bytes };
  /** Check values of keys that are going to be written with. */
  readonly register?: readonly KeyRow[];
  /** Set when the change alters who may do what: raises the epoch by one, with the MAC for that next epoch. */
  readonly authority?: { readonly keyId: string; readonly mac: Bytes };
  /**
   * Raises the audit floor from `above` to `floor`, and deletes of the entries in between those that have a newer one of
   * their resource, and all that they had replaced themselves. So the newest entry of each resource stays. The floor is
   * under the store's MAC: this comes with `authority`.
   */
  readonly prune?: { readonly above: number; readonly floor: number };
}

/** `seen`: row version as loaded. */
type RowChange<Values, Name> =
  | { readonly kind: "create"; readonly row: Values }
  | { readonly kind: "update"; readonly seen: number; readonly row: Values }
  | ({ readonly kind: "remove"; readonly seen: number } & Name);

export type PolicyChange = RowChange<PolicyValues, { readonly name: string }>;

export type BundleChange = RowChange<BundleValues, { readonly trustDomain: string }>;

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

export interface CommitEach<Q extends Query> {
  /** Of each change in its place; undefined where it lost. */
  readonly revisions: readonly (number | undefined)[];
  readonly snapshot: Snapshot<Q>;
}

export type Commit<Q extends Query> =
  | { readonly won: true; readonly revision: number }
  | { readonly won: false; readonly snapshot: Snapshot<Q> };
