import type { AuditValues, BundleValues, PolicyValues, SecretValues, VersionRow } from "../../src/store/rows.ts";
import type { BulkStore, Change, SecretChange, VersionChanges } from "../../src/store/store.ts";

/** Bytes for the suite's rows. Any bytes will do, because a store verifies nothing. */
export const bytes = (seed: number) => new Uint8Array(32).fill(seed);
export const never = new AbortController().signal;

export function auditOf(writeId: string, overrides: Partial<AuditValues> = {}): AuditValues {
  return {
    writeId,
    request: bytes(1),
    at: 1_700_000_000_000,
    workerAt: 1_700_000_000_008,
    spiffeId: "spiffe://example.org/a",
    action: "put",
    resource: "secret:a",
    seq: 1,
    prev: null,
    base: 0,
    anchor: null,
    epoch: 0,
    state: null,
    leadsTo: null,
    outcome: "{}",
    traceId: "t",
    keyId: "k1",
    mac: bytes(2),
    ...overrides,
  };
}

export function headOf(writeId: string, overrides: Partial<SecretValues> = {}): SecretValues {
  return {
    path: "a",
    writeId,
    born: writeId,
    seq: 1,
    base: 0,
    epoch: 0,
    latest: 1,
    current: 1,
    currentWriteId: writeId,
    currentUntil: null,
    oldest: 1,
    maxVersions: 0,
    keptVersions: 10,
    casRequired: false,
    metadataCasRequired: true,
    metadataVersion: 3,
    metadataAt: 1_700_000_000_009,
    deleteAfter: 0,
    custom: null,
    history: bytes(3),
    createdAt: 1_700_000_000_001,
    updatedAt: 1_700_000_000_002,
    writtenAt: 1_700_000_000_003,
    wrappedKey: bytes(4),
    keyId: "k1",
    mac: bytes(5),
    ...overrides,
  };
}

export const versionOf = (number: number, writeId: string, overrides: Partial<VersionRow> = {}): VersionRow => ({
  number,
  writeId,
  createdAt: 1_700_000_000_004,
  deletedAt: null,
  destroyedAt: null,
  sealed: bytes(number),
  ...overrides,
});

/** The columns of the store row after a change that raises the epoch, and no nodes. */
export const STATE = { auditFloor: 0, authority: bytes(7), generation: "", acknowledged: 0, nodes: [] } as const;

/** What a change was decided on: nothing that the suite's store does not have. */
export const PINS = {
  rests: [],
  notAfter: Number.MAX_SAFE_INTEGER,
  decidedOn: { storeId: "s", generation: "", keyId: null, schemaVersion: 2 },
} as const;

/** The store with changes that name it as {@link PINS} does: a database gets a random store id. */
export async function underSuiteId(store: BulkStore): Promise<BulkStore> {
  const { storeId } = (await store.load({}, never)).store;
  const ofStore = (change: Change): Change =>
    change.decidedOn.storeId === PINS.decidedOn.storeId
      ? { ...change, decidedOn: { ...change.decidedOn, storeId } }
      : change;
  return {
    load: async (query, signal) => await store.load(query, signal),
    commit: async (change, query, signal) => await store.commit(ofStore(change), query, signal),
    commitEach: async (changes, query, signal) => await store.commitEach(changes.map(ofStore), query, signal),
  };
}

/** The change, decided on a store row under that key. */
export const under = (keyId: string, change: Change): Change => ({
  ...change,
  decidedOn: { ...PINS.decidedOn, keyId },
});

interface Creation {
  readonly path?: string;
  readonly tail?: number;
  readonly audit?: Partial<AuditValues>;
  readonly head?: Partial<SecretValues>;
  readonly versions?: VersionChanges;
}

export function creation(writeId: string, options: Creation = {}): Change {
  const { path = "a", tail = 0 } = options;
  return {
    audit: auditOf(writeId, { resource: `secret:${path}`, ...options.audit }),
    tail,
    ...PINS,
    secret: {
      kind: "create",
      head: headOf(writeId, { path, ...options.head }),
      versions: options.versions ?? { insert: versionOf(1, writeId) },
    },
  };
}

interface Update {
  readonly head?: Partial<SecretValues>;
  readonly audit?: Partial<AuditValues>;
  readonly versions?: VersionChanges;
}

export function update(writeId: string, seen: number, options: Update = {}): Change {
  const secret: SecretChange = {
    kind: "update",
    seen,
    head: headOf(writeId, options.head),
    versions: options.versions ?? {},
  };
  return { audit: auditOf(writeId, { seq: 2, base: seen, ...options.audit }), tail: seen, ...PINS, secret };
}

export function policyOf(name: string, writeId: string, overrides: Partial<PolicyValues> = {}): PolicyValues {
  return {
    name,
    writeId,
    base: 0,
    epoch: 0,
    slot: 0,
    idTag: bytes(10),
    pathTag: bytes(20),
    sealed: bytes(30),
    keyId: "k1",
    createdAt: 1_700_000_000_005,
    updatedAt: 1_700_000_000_006,
    ...overrides,
  };
}

export function bundleOf(trustDomain: string, writeId: string, overrides: Partial<BundleValues> = {}): BundleValues {
  return {
    trustDomain,
    writeId,
    base: 0,
    epoch: 0,
    slot: 0,
    bundle: '{"keys":[{"kid":"one"},7,"text",{"kid":7},null]}',
    sequence: "18446744073709551616",
    endpointUrl: "https://example.org/bundle",
    endpointProfile: "https_web",
    refreshHint: 300,
    fetchedAt: 1_700_000_000_007,
    keyId: "k1",
    mac: bytes(40),
    ...overrides,
  };
}
