/** Bytes of a BLOB column. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The one row of the store. Times here and below are milliseconds since the epoch, by the database's clock. */
export interface StoreRow {
  /** Random, created by the migration. Binds every record to this database. */
  readonly storeId: string;
  /** The revision of the newest audit entry: the number of commits so far, unless a commit leapt. */
  readonly revision: number;
  /** Number of commits that changed who may do what. */
  readonly epoch: number;
  /** Not signed: a migration raises it, and cannot sign. */
  readonly schemaVersion: number;
  /** Audit entries up to this revision may have been pruned. */
  readonly auditFloor: number;
  /** Root of the authority trie: 16 bytes. It proves which policies and trust bundles are current. */
  readonly authority: Bytes;
  /** Changes when a backup of the database is put into service. Empty in the first generation. */
  readonly generation: string;
  /** Number of acknowledgements of faults in the audit. */
  readonly acknowledged: number;
  /** Root key of `mac`. Both are null before the first commit. */
  readonly keyId: string | null;
  readonly mac: Bytes | null;
}

/** A registered root key. Its check value reveals a wrong key before anything is written under it. */
export interface KeyRow {
  readonly keyId: string;
  readonly checkValue: Bytes;
  readonly createdAt: number;
}

export interface RegisteredKey extends KeyRow {
  /** Whether policies are under this key. A ring without it cannot find them. */
  readonly hasPolicies: boolean;
}

/** Every column of a secret's head except `version`, which the commit assigns. */
export interface SecretValues {
  readonly path: string;
  /** Write id of the commit that wrote this row last. */
  readonly writeId: string;
  /** Write id of the commit that created this secret. */
  readonly born: string;
  /** Position of that commit in the audit chain of this secret, from 1. */
  readonly seq: number;
  /** Store revision that the last commit was decided on. Its own revision is higher. */
  readonly base: number;
  /** Store epoch that the last commit was decided on. */
  readonly epoch: number;
  /** Highest version number ever written. Never decreases. */
  readonly latest: number;
  /** Highest live version number at `writtenAt`; 0 = none. */
  readonly current: number;
  readonly currentWriteId: string | null;
  /** When `current` expires; null = never. */
  readonly currentUntil: number | null;
  /** Lowest live version number at `writtenAt`; 0 = none. */
  readonly oldest: number;
  /** Number of versions to keep, if it was set for this secret; 0 = `keptVersions`. */
  readonly maxVersions: number;
  /** Number of versions to keep, as configured when the secret was created. */
  readonly keptVersions: number;
  readonly casRequired: boolean;
  readonly metadataCasRequired: boolean;
  readonly metadataVersion: number;
  /** When the metadata was written last. */
  readonly metadataAt: number;
  /** Milliseconds after which a new version expires; 0 = never. */
  readonly deleteAfter: number;
  /** Custom metadata, sealed under the data key. */
  readonly custom: Bytes | null;
  /** MAC over the states of all versions. */
  readonly history: Bytes;
  readonly createdAt: number;
  /** When a version was written or `current` changed. */
  readonly updatedAt: number;
  /** When this row was written. Never decreases. */
  readonly writtenAt: number;
  readonly wrappedKey: Bytes;
  /** Root key of `wrappedKey`, `history` and `mac`. */
  readonly keyId: string;
  readonly mac: Bytes;
}

export interface SecretRow extends SecretValues {
  /** Row version: the revision of the commit that last changed this row. The optimistic lock. */
  readonly version: number;
}

/** A version without its value. */
export interface VersionState {
  readonly number: number;
  readonly writeId: string;
  readonly createdAt: number;
  /** Time of the soft deletion, which may be in the future. */
  readonly deletedAt: number | null;
  readonly destroyedAt: number | null;
}

export interface VersionRow extends VersionState {
  /** The value, sealed under the secret's data key; null after it was destroyed. */
  readonly sealed: Bytes | null;
}

/** Every column of an audit entry except `revision`, which the commit assigns. */
export interface AuditValues {
  readonly writeId: string;
  /** Keyed digest of the request. Distinguishes a repeated request from another one with the same write id. */
  readonly request: Bytes;
  /** By the database's clock. */
  readonly at: number;
  /** By the worker's clock. */
  readonly workerAt: number;
  readonly spiffeId: string;
  readonly action: string;
  /** `secret:PATH`, `policy:NAME` and so on. */
  readonly resource: string;
  /** Position in the chain of this resource, from 1. */
  readonly seq: number;
  /** MAC of the previous entry in that chain; null for the first. */
  readonly prev: Bytes | null;
  readonly base: number;
  /**
   * MAC of the entry at revision `base`; null for 0. Every commit confirms the newest entry that it saw. Without it, removed
   * entries could be inserted at other positions after later commits.
   */
  readonly anchor: Bytes | null;
  readonly epoch: number;
  /** MAC of the store row that the commit was decided on; null for the first entry. */
  readonly state: Bytes | null;
  /** What the store row has after an entry that raises the epoch, as JSON; null for other entries. */
  readonly leadsTo: string | null;
  /** The result as JSON. Never contains a value. */
  readonly outcome: string;
  readonly traceId: string;
  readonly keyId: string;
  readonly mac: Bytes;
}

export interface AuditRow extends AuditValues {
  readonly revision: number;
}

/** Every column of a policy except `version`, which the commit assigns. */
export interface PolicyValues {
  readonly name: string;
  readonly writeId: string;
  /** Store revision that the last commit was decided on. Its own revision is higher. */
  readonly base: number;
  /** Store epoch that the last commit was decided on. The commit raised it by one. */
  readonly epoch: number;
  /** Where the policy is in the authority trie: the first 48 bits. Not signed, because the name determines it. */
  readonly slot: number;
  /** Keyed tag of the literal prefix of the ID pattern. */
  readonly idTag: Bytes;
  /** Keyed tag of the literal prefix of the path pattern. */
  readonly pathTag: Bytes;
  /** Both patterns and the permissions, sealed under the key for policies. */
  readonly sealed: Bytes;
  readonly keyId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface PolicyRow extends PolicyValues {
  /** Row version: the revision of the commit that last changed this row. The optimistic lock. */
  readonly version: number;
}

/** Every column of a stored trust bundle except `version`, which the commit assigns. */
export interface BundleValues {
  readonly trustDomain: string;
  readonly writeId: string;
  readonly base: number;
  readonly epoch: number;
  /** As in a policy. */
  readonly slot: number;
  /** The SPIFFE bundle as JSON text. Not sealed, because it contains public keys. */
  readonly bundle: string;
  /** `spiffe_sequence` in decimal, because it may exceed 64 bits. */
  readonly sequence: string | null;
  readonly endpointUrl: string | null;
  readonly endpointProfile: string | null;
  /** Seconds. */
  readonly refreshHint: number | null;
  readonly fetchedAt: number | null;
  readonly keyId: string;
  readonly mac: Bytes;
}

export interface BundleRow extends BundleValues {
  /** Row version: the revision of the commit that last changed this row. The optimistic lock. */
  readonly version: number;
}

/**
 * Proof that a worker saw the primary at a time. One row, outside revisions and the audit: it tells how old a replica is.
 * Everything that was acknowledged before `at` is in any state that continues the row's moment.
 */
export interface HeartbeatValues {
  /** By a worker's clock, before it sent the request that the moment comes from. */
  readonly at: number;
  readonly epoch: number;
  /** Start of the MAC of an audit entry. */
  readonly entryMac: Bytes;
  /** Start of the MAC of the store row in `epoch`. */
  readonly storeMac: Bytes;
  readonly keyId: string;
  readonly mac: Bytes;
}

export interface HeartbeatRow extends HeartbeatValues {
  /** Revision of the entry. Not signed, because a commit that writes the row does not know its revision yet. */
  readonly revision: number;
}

/** A node of the authority trie. */
export interface AuthorityNode {
  readonly id: number;
  readonly content: Bytes;
}
