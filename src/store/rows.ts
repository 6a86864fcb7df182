/** Bytes of a BLOB column. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The one row that orders everything. Times here and below are milliseconds since the epoch, by the database's clock. */
export interface StoreRow {
  /** Random, made by the migration: binds every record to this database. */
  readonly storeId: string;
  /** Number of commits so far; the newest audit entry has it. */
  readonly revision: number;
  /** Number of commits that changed who may do what. */
  readonly epoch: number;
  readonly schemaVersion: number;
  /** Audit entries up to this revision may have been pruned. */
  readonly auditFloor: number;
  /** Key of `mac`; null until the first commit, like `mac`. */
  readonly keyId: string | null;
  readonly mac: Bytes | null;
}

/** Lets a wrong root key be noticed before anything is written under it. */
export interface KeyRow {
  readonly keyId: string;
  readonly checkValue: Bytes;
  readonly createdAt: number;
}

export interface RegisteredKey extends KeyRow {
  /** Whether there are policies under this key: a ring that lacks it cannot find them. */
  readonly hasPolicies: boolean;
}

/** Every column of a secret's head but `version`, which the commit assigns. */
export interface SecretValues {
  readonly path: string;
  /** Write id of the commit that wrote this row last. */
  readonly writeId: string;
  /** Write id of the commit that created this secret. */
  readonly born: string;
  /** Place of that last commit in the audit chain of this secret, from 1. */
  readonly seq: number;
  /** Store revision that the last commit was decided on; its own is higher. */
  readonly base: number;
  /** Store epoch that the last commit was decided on. */
  readonly epoch: number;
  /** Highest number ever written; never falls. */
  readonly latest: number;
  /** Highest live number at `writtenAt`, 0 = none. */
  readonly current: number;
  readonly currentWriteId: string | null;
  /** When `current` stops being live; null = it does not. */
  readonly currentUntil: number | null;
  /** Lowest live number at `writtenAt`, 0 = none. */
  readonly oldest: number;
  /** Kept versions, 0 = as configured. */
  readonly maxVersions: number;
  readonly casRequired: boolean;
  readonly metadataCasRequired: boolean;
  readonly metadataVersion: number;
  /** Milliseconds after which a new version deletes itself, 0 = never. */
  readonly deleteAfter: number;
  /** Custom metadata, sealed under the data key. */
  readonly custom: Bytes | null;
  /** MAC over the states of all versions. */
  readonly history: Bytes;
  readonly createdAt: number;
  /** When a version was written or `current` changed. */
  readonly updatedAt: number;
  /** When this row was written; never falls. */
  readonly writtenAt: number;
  readonly wrappedKey: Bytes;
  /** Root key that `wrappedKey`, `history` and `mac` depend on. */
  readonly keyId: string;
  readonly mac: Bytes;
}

export interface SecretRow extends SecretValues {
  /** Store revision at which this row last changed: the optimistic lock. */
  readonly version: number;
}

/** A version without its value. */
export interface VersionState {
  readonly number: number;
  readonly writeId: string;
  readonly createdAt: number;
  /** Soft deletion; may lie ahead, and counts from then on. */
  readonly deletedAt: number | null;
  readonly destroyedAt: number | null;
}

export interface VersionRow extends VersionState {
  /** The value, sealed under the secret's data key; null once destroyed. */
  readonly sealed: Bytes | null;
}

/** Every column of an audit entry but `revision`, which the commit assigns. */
export interface AuditValues {
  readonly writeId: string;
  /** Keyed digest of the request, so that a repeated write id can be told from a reused one. */
  readonly request: Bytes;
  readonly at: number;
  readonly spiffeId: string;
  readonly action: string;
  /** `secret:PATH`, `policy:NAME` and so on. */
  readonly resource: string;
  /** Place in the chain of this resource, from 1. */
  readonly seq: number;
  /** MAC of the entry before it in that chain; null for the first. */
  readonly prev: Bytes | null;
  readonly base: number;
  /**
   * MAC of the entry at revision `base`, null for 0: every commit vouches for the newest entry that it saw. Without it
   * entries cut out could be put back at other places once somebody has committed in between.
   */
  readonly anchor: Bytes | null;
  readonly epoch: number;
  /** What the caller was told, as JSON; never a value. */
  readonly outcome: string;
  readonly traceId: string;
  readonly keyId: string;
  readonly mac: Bytes;
}

export interface AuditRow extends AuditValues {
  readonly revision: number;
}

/** Every column of a policy but `version`, which the commit assigns. */
export interface PolicyValues {
  readonly name: string;
  readonly writeId: string;
  /** Store epoch that the last commit was decided on; its own is one higher. */
  readonly epoch: number;
  /** Keyed tag of the literal prefix that a SPIFFE ID must begin with. */
  readonly idTag: Bytes;
  /** Keyed tag of the literal prefix that a path must begin with. */
  readonly pathTag: Bytes;
  /** Both patterns and the permissions, sealed under the `policy` purpose. */
  readonly sealed: Bytes;
  readonly keyId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface PolicyRow extends PolicyValues {
  /** Store revision at which this row last changed: the optimistic lock. */
  readonly version: number;
}

/** Every column of a stored trust bundle but `version`, which the commit assigns. */
export interface BundleValues {
  readonly trustDomain: string;
  readonly writeId: string;
  readonly epoch: number;
  /** SPIFFE bundle as JSON text; public keys, so not sealed. */
  readonly bundle: string;
  /** `spiffe_sequence` in decimal: 64 bits and more. */
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
  /** Store revision at which this row last changed: the optimistic lock. */
  readonly version: number;
}
