import type {
  AuditRow,
  AuthorityNode,
  AuditValues,
  BundleRow,
  BundleValues,
  Bytes,
  HeartbeatRow,
  HeartbeatValues,
  KeyRow,
  PolicyRow,
  RegisteredKey,
} from "./rows.ts";
import type { PolicyValues, SecretRow, SecretValues, StoreRow, VersionRow, VersionState } from "./rows.ts";

/**
 * The storage contract: read one snapshot, commit one change.
 *
 * **Snapshot.** A load sees the state between two commits: all parts of a snapshot are from the same moment. The snapshot is
 * at least as new as the newest commit that was acknowledged before the load began.
 *
 * **Atomic.** A commit stores everything or nothing. Nobody sees a state in between, not even after a crash. An acknowledged
 * commit is durable.
 *
 * **Conditional.** A commit wins only if, when it is applied,
 *
 * 1. the changed row has the row version that the change was decided on, or has not existed since it was found missing; for
 *    the removal of a secret: no commit has written an audit entry of that secret since,
 * 2. each row that the change rests on has the row version that it was decided on,
 * 3. the store has the epoch that it was decided on, if the change raises the epoch,
 * 4. the store row has the store id, the generation, the key and the schema version that it was decided on, and a revision that
 *    is not below the one that it was decided on: the snapshot may come from a copy of the database, or from before a backup was
 *    restored,
 * 5. with `pinsHistory`: the store row, the entry at the revision that it was decided on and the newest entry of its resource have the
 *    MACs that its audit entry names,
 * 6. the database's clock is not past its latest time,
 * 7. for a leap: the store has exactly the revision that the change was decided on, which is not above `beyond`, and
 * 8. its write id was never committed before.
 *
 * Otherwise the commit loses and changes nothing.
 *
 * **Ordered.** Winning commits are numbered by `revision`: 1, 2, 3 and so on, without gaps, in the order in which they become
 * visible. Only a commit with `beyond` leaps: its revision is `beyond` + 1, and the next ones go on from there. The audit entry and
 * every row that a commit writes have its revision.
 *
 * **Fresh verdict.** A lost commit returns a snapshot of its query, taken when the commit ended, so that the caller can
 * decide again without another round trip.
 *
 * **Failures.** A store that cannot answer throws {@link StoreUnavailable}. With `outcome: "none"`, nothing happened and
 * nothing will. With `"unknown"`, the commit may have been applied or may still be applied; only its write id can show which.
 *
 * One load or commit is one round trip.
 */
export interface Store {
  /** A copy near by, which may lag. */
  readonly replica?: Replica | undefined;
  load<Q extends Query>(query: Q, signal: AbortSignal): Promise<Snapshot<Q>>;
  commit<Q extends Query>(change: Change, query: Q, signal: AbortSignal): Promise<Commit<Q>>;
}

/**
 * A copy of the store that applies its commits in their order, later. A load sees some earlier state; the next load may see an
 * even earlier one. It may also be a copy of another store: nothing of it has been verified.
 */
export interface Replica {
  load<Q extends Query>(query: Q, signal: AbortSignal): Promise<Snapshot<Q>>;
}

/**
 * Writes the heartbeat into the store with that id and generation, unless a newer one is stored. Outside revisions and the audit: a
 * lost heartbeat only sends readers to the primary.
 */
export type WriteHeartbeat = (
  row: HeartbeatRow,
  of: Pick<StoreRow, "storeId" | "generation">,
  signal: AbortSignal,
) => Promise<void>;

/** A store that commits many changes at once, for the rotation of root keys. */
export interface BulkStore extends Store {
  /**
   * Commits several changes in one round trip, one after the other. Each wins or loses by the conditions above, given the
   * changes before it. Either all winning changes are stored or none.
   */
  commitEach<Q extends Query>(changes: readonly Change[], query: Q, signal: AbortSignal): Promise<CommitEach<Q>>;
}

/** One part of a snapshot: its form in a query, and in the snapshot. */
interface Part<Request, Result> {
  readonly request: Request;
  readonly result: Result;
}

/**
 * Rows of a list, in its order. A load has a maximum size in bytes, so a page may have fewer rows than `limit`. It has
 * at least one row if the list does.
 */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Whether the list goes on after these rows. */
  readonly more: boolean;
}

/** Everything that a load can read besides the store row and the registered keys. The one list of parts. */
export interface Parts {
  readonly secret: Part<SecretRequest, SecretView>;
  /** Secret paths, in ascending order of their UTF-8 bytes. */
  readonly paths: Part<PathsRequest, PathPage>;
  /**
   * Policies that have one of `idTags` and one of `pathTags`. If there are none, the caller may see nothing: `secret`,
   * `paths`, `policy` and `policies` are then empty, so that neither work nor time depends on them.
   */
  readonly grants: Part<
    { readonly idTags: readonly Bytes[]; readonly pathTags: readonly Bytes[]; readonly limit: number },
    Page<PolicyRow>
  >;
  /** Policies that have one of `idTags`, for any path. */
  readonly identityGrants: Part<{ readonly idTags: readonly Bytes[]; readonly limit: number }, Page<PolicyRow>>;
  readonly policy: Part<{ readonly name: string; readonly slot: number }, NamedRow<PolicyRow>>;
  /** All policies, by name in ascending order of UTF-8 bytes, from `after` (exclusive) on. */
  readonly policies: Part<{ readonly after: string; readonly limit: number }, Page<PolicyRow>>;
  /**
   * The stored bundle of the trust domain that the caller claims to belong to. If there is none, or none that contains the
   * key `keyId`, the claim cannot be proved: `trust` itself, `grants`, `identityGrants`, `secret`, `paths`, `policy` and
   * `policies` are then empty.
   */
  readonly trust: Part<
    { readonly trustDomain: string; readonly keyId?: string; readonly slot: number },
    NamedRow<BundleRow>
  >;
  readonly bundle: Part<{ readonly trustDomain: string; readonly slot: number }, NamedRow<BundleRow>>;
  /** All trust bundles, by trust domain, from `after` (exclusive) on. */
  readonly bundles: Part<{ readonly after: string; readonly limit: number }, Page<BundleRow>>;
  readonly audit: Part<AuditQuery, Page<AuditRow>>;
  /**
   * The earlier entries that the first `limit` audit entries after `after` (and above the audit floor, with `aboveFloor`)
   * refer to: the entry at revision `after` itself, the previous entry of each one's resource, the entry at each one's
   * `base`, and the entries that raised the epoch to one of theirs, or to the store's. By ascending revision. `more` is true if
   * they do not all fit: request a page with a smaller `limit`, which refers to fewer.
   */
  readonly auditContext: Part<Pick<AuditQuery, "after" | "limit" | "aboveFloor">, Page<AuditRow>>;
  /** The acknowledgements of faults in the audit, in the order of their resources. */
  readonly acknowledgements: Part<object, Page<AuditRow>>;
  /** The entries that raised the epoch, from the highest epoch down. */
  readonly authorityEntries: Part<{ readonly limit: number }, Page<AuditRow>>;
  /** The newest audit entry of a resource. */
  readonly chain: Part<{ readonly resource: string }, { readonly tail: AuditRow | undefined }>;
  /** All secrets with the states of all versions but without values, by path in ascending order of UTF-8 bytes. */
  readonly secrets: Part<After<string>, Page<SecretView>>;
  /** All policies with their newest audit entries, by name. */
  readonly policiesWithTails: Part<After<string>, Page<RowWithTail<PolicyRow>>>;
  /** All trust bundles with their newest audit entries, by trust domain. */
  readonly bundlesWithTails: Part<After<string>, Page<RowWithTail<BundleRow>>>;
  /** Paths that have versions but no head, among the first `limit` paths with versions after `after`. */
  readonly headless: Part<After<string>, Examined<string>>;
  /** Newest audit entries of secrets, policies and bundles without a row, among the first `limit` resources after `after`. */
  readonly rowless: Part<After<string>, Examined<AuditRow>>;
  /** Nodes of the authority trie at one depth, by id. */
  readonly level: Part<After<number> & { readonly depth: number }, TrieLevel>;
  /** The MACs of the audit entries at these revisions, as far as there are entries. */
  readonly entryMacs: Part<{ readonly revisions: readonly number[] }, readonly EntryMac[]>;
  /** The heartbeat, and the MAC of the audit entry at its revision. */
  readonly heartbeat: Part<object, Heartbeat>;
  /** Which registered keys are in use. */
  readonly keyUse: Part<object, readonly KeyUse[]>;
  /** How many rows depend on each key. */
  readonly keyCounts: Part<object, readonly KeyCount[]>;
  /** Secrets whose heads are under another key. Includes the states of all versions, but no values. */
  readonly outdatedSecrets: Part<Outdated, Page<SecretView>>;
  /** Policies under another key. */
  readonly outdatedPolicies: Part<Outdated, Page<RowWithTail<PolicyRow>>>;
  /** Trust bundles under another key. */
  readonly outdatedBundles: Part<Outdated, Page<RowWithTail<BundleRow>>>;
}

/** The first `limit` of a list after `after` (exclusive). */
interface After<Position> {
  readonly after: Position;
  readonly limit: number;
}

/** The rows that were found among the first names of a list. */
export interface Examined<Row> {
  readonly rows: readonly Row[];
  /** The last name that was examined, if there may be more. */
  readonly next: string | undefined;
}

/** A part of one depth of the authority trie. */
export interface TrieLevel {
  readonly nodes: Page<AuthorityNode>;
  /** All nodes above these. */
  readonly ancestors: readonly AuthorityNode[];
  /** The ids of the nodes directly below these. */
  readonly children: readonly number[];
  /** The resources of the policies and bundles whose stored slots are below the leaves among these, or between them. */
  readonly resources: Page<string>;
}

/** What to read besides the store row and its keys. */
export type Query = { readonly [P in keyof Parts]?: Parts[P]["request"] } & {
  /** Reads the audit entry with this write id as `replay`. */
  readonly writeId?: string;
};

interface SecretRequest {
  readonly path: string;
  /** The version to read with its value: the highest live version, or the one with this number. `"none"`: states only. */
  readonly version: "current" | "none" | number;
  /** `"current"` expires by the database's clock within these bounds, but never before the head was written. No bounds if unset. */
  readonly bounds?: TimeBounds;
}

/** Bounds of a time, both inclusive. Milliseconds since the epoch. */
export interface TimeBounds {
  readonly earliest: number;
  readonly latest: number;
}

interface PathsRequest {
  readonly prefix: string;
  /** Exclusive. */
  readonly after: string;
  readonly limit: number;
  /** Only paths in one of these ranges, which are in ascending order and do not overlap. */
  readonly within?: readonly PathRange[];
  /** The page then says whether the set of all paths has changed after this revision. */
  readonly since?: number;
}

/** The paths from `from` (inclusive) to `until` (exclusive), in the order of their UTF-8 bytes. */
export type PathRange = readonly [from: string, until: string];

export interface PathPage extends Page<string> {
  /** Whether a secret was created or removed after revision `since`. False without `since`. */
  readonly changed: boolean;
}

/** A page of the rows that are under another key than `keyId`, in the order of their key and name. */
export interface Outdated {
  readonly keyId: string;
  /** The last row of the previous page. No row has an empty key id. */
  readonly after: { readonly keyId: string; readonly name: string };
  readonly limit: number;
}

/** Audit entries after revision `after` (exclusive), ascending. An entry must pass every given filter. */
export interface AuditQuery {
  readonly after: number;
  readonly limit: number;
  /** The last revision to read. */
  readonly upTo?: number;
  /** Skips entries at or below the audit floor. */
  readonly aboveFloor?: boolean;
  readonly resource?: string;
  readonly spiffeId?: string;
  /** One of an entry's two times must be in this range: `from` inclusive, `until` exclusive. Milliseconds since the epoch. */
  readonly from?: number;
  readonly until?: number;
}

export interface EntryMac {
  readonly revision: number;
  readonly mac: Bytes;
}

export interface Heartbeat {
  readonly row: HeartbeatRow | undefined;
  /** Null if there is no such entry. */
  readonly entryMac: Bytes | null;
}

/** The row of one name. */
export interface NamedRow<Row> {
  readonly row: Row | undefined;
}

export interface RowWithTail<Row> {
  readonly row: Row;
  /** The newest audit entry of its resource. */
  readonly tail: AuditRow | undefined;
}

/** Whether any row other than an audit entry depends on a key. */
export interface KeyUse {
  readonly keyId: string;
  readonly used: boolean;
}

/** How many rows depend on a key, registered or not. */
export interface KeyCount {
  readonly keyId: string;
  readonly secrets: number;
  readonly policies: number;
  readonly bundles: number;
  /** 1 if the store row is under this key. */
  readonly store: number;
  /** All audit entries. */
  readonly entries: number;
}

export interface SecretView {
  readonly head: SecretRow | undefined;
  /** All versions in ascending order. Undefined if `"current"` was requested and the head's `current` is still live. */
  readonly states: readonly VersionState[] | undefined;
  readonly version: VersionRow | undefined;
  /** The newest audit entry of `secret:PATH`. */
  readonly tail: AuditRow | undefined;
}

/** The requested parts; the others are undefined. */
type SnapshotParts = { readonly [P in keyof Parts]: Parts[P]["result"] | undefined };

export interface AnySnapshot extends SnapshotParts {
  /** The database's clock, in milliseconds. */
  readonly now: number;
  readonly store: StoreRow;
  /** MAC of the audit entry at the store's revision; null if there is none. */
  readonly newest: Bytes | null;
  readonly keys: readonly RegisteredKey[];
  /**
   * Nodes of the authority trie: all on the way to each policy and bundle in the snapshot, and to each requested `slot`.
   * Empty where these are empty because the caller may see nothing.
   */
  readonly nodes: readonly AuthorityNode[];
  /** The audit entry with the query's write id. */
  readonly replay: AuditRow | undefined;
}

/** The snapshot of a query: a requested part is never undefined. */
export type Snapshot<Q extends Query> = Omit<AnySnapshot, keyof Parts> & {
  readonly [P in keyof Parts]: Q[P] extends object ? Parts[P]["result"] : SnapshotParts[P];
};

/** One change with its audit entry and the state that it was decided on. */
export interface Change {
  readonly audit: AuditValues;
  /** Revision of the resource's newest audit entry as loaded; 0 if there was none. */
  readonly tail: number;
  /** The rows that permit the change. */
  readonly rests: readonly Rest[];
  /** The latest time, by the database's clock, at which the change may be applied. Milliseconds. */
  readonly notAfter: number;
  /** The epoch of a damaged store row, as loaded. The commit requires this one, instead of the one that its entry names. */
  readonly damagedEpoch?: number;
  /**
   * The change was decided on a snapshot of a replica, which may show another history than the primary, or lie. The commit then also
   * requires the MACs that the audit entry names: of the store row, of the entry at `base`, and of the newest entry of its resource.
   */
  readonly pinsHistory?: true;
  /** Columns of the store row that the change was decided on. */
  readonly decidedOn: Pick<StoreRow, "storeId" | "generation" | "keyId" | "schemaVersion">;
  readonly secret?: SecretChange;
  readonly policy?: PolicyChange;
  readonly bundle?: BundleChange;
  /** Replaces the heartbeat, unless a newer one is stored. Its revision is that of the commit. */
  readonly heartbeat?: HeartbeatValues;
  /** The keys and the first MAC of an empty store. The commit then also requires revision 0. */
  readonly init?: { readonly keys: readonly KeyRow[]; readonly keyId: string; readonly mac: Bytes };
  /** Keys to register with their check values. */
  readonly register?: readonly KeyRow[];
  /**
   * The signed columns of the store row in the next epoch, which is one above the epoch of the change's audit entry. Set if the
   * change affects permissions or one of these columns.
   */
  readonly authority?: Pick<StoreRow, "auditFloor" | "authority" | "generation" | "acknowledged"> & {
    readonly keyId: string;
    readonly mac: Bytes;
    /** Nodes of the authority trie to store. */
    readonly nodes: readonly AuthorityNode[];
  };
  /**
   * Deletes the audit entries above revision `above` and up to `floor` that have a newer entry of the same resource, and all
   * older entries of these resources, so that the newest entry of each resource remains. Requires `authority`, because the
   * floor is a signed column.
   */
  readonly prune?: { readonly above: number; readonly floor: number };
  /**
   * Makes the revision leap: the commit has revision `beyond` + 1. For a database that was restored from a backup, whose lost
   * commits had revisions up to `beyond`.
   */
  readonly beyond?: number;
}

/** A row that a change rests on, and its row version. 0: the row must be missing. */
export interface Rest {
  readonly table: "policies" | "trust_bundles";
  readonly name: string;
  readonly version: number;
}

/**
 * `seen`: the row version as loaded. Null: any version, for a row that does not verify. No MAC covers the version, and it may not
 * even be a number that can be read. Every change of such a row raises the epoch, which `authority` pins.
 */
type RowChange<Values, Name> =
  | { readonly kind: "create"; readonly row: Values }
  | { readonly kind: "update"; readonly seen: number | null; readonly row: Values }
  | ({ readonly kind: "remove"; readonly seen: number | null } & Name);

export type PolicyChange = RowChange<PolicyValues, { readonly name: string }>;

export type BundleChange = RowChange<BundleValues, { readonly trustDomain: string }>;

export type SecretChange =
  | { readonly kind: "create"; readonly head: SecretValues; readonly versions: VersionChanges }
  | {
      readonly kind: "update";
      /** The row version of the head as loaded. */
      readonly seen: number;
      readonly head: SecretValues;
      readonly versions: VersionChanges;
    }
  /**
   * Removes the head, if there is one, and all versions. Depends on the audit entries of the path instead of the head's row
   * version, so that versions without a head can be removed too.
   */
  | { readonly kind: "remove"; readonly path: string };

export interface VersionChanges {
  readonly insert?: VersionRow;
  /** Deletes all versions below this number permanently. */
  readonly pruneBelow?: number;
  readonly softDelete?: { readonly numbers: readonly number[]; readonly at: number };
  readonly restore?: { readonly numbers: readonly number[] };
}

export interface CommitEach<Q extends Query> {
  /** The revision of each change, in order; undefined if it lost. */
  readonly revisions: readonly (number | undefined)[];
  readonly snapshot: Snapshot<Q>;
}

export type Commit<Q extends Query> =
  | { readonly won: true; readonly revision: number }
  | { readonly won: false; readonly snapshot: Snapshot<Q> };
