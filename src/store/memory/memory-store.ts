import type { AuditRow, KeyRow, SecretRow, StoreRow, VersionRow, VersionState } from "../rows.ts";
import type {
  AnySnapshot,
  Change,
  Commit,
  Query,
  SecretChange,
  SecretView,
  Snapshot,
  Store,
  VersionChanges,
} from "../store.ts";

/** Everything the database keeps, as plain values that are replaced and never changed in place. */
interface State {
  store: StoreRow;
  keys: readonly KeyRow[];
  readonly secrets: Map<string, { readonly head: SecretRow; readonly versions: readonly VersionRow[] }>;
  readonly audit: AuditRow[];
}

/**
 * The store contract in memory: complete, and the specification that the libSQL store is compared with.
 *
 * A load or commit runs between two turns of the event loop, which is what makes it atomic here. Contents last as long
 * as this object: for tests and development.
 */
export function memoryStore(options: { readonly storeId: string; readonly now: () => number }): Store {
  const state: State = {
    store: {
      storeId: options.storeId,
      revision: 0,
      epoch: 0,
      schemaVersion: 1,
      auditFloor: 0,
      keyId: null,
      mac: null,
    },
    keys: [],
    secrets: new Map(),
    audit: [],
  };
  const read = <Q extends Query>(query: Q): Snapshot<Q> => snapshotOf(state, query, options.now());
  return {
    async load(query, signal) {
      signal.throwIfAborted();
      return read(query);
    },
    async commit<Q extends Query>(change: Change, query: Q, signal: AbortSignal): Promise<Commit<Q>> {
      signal.throwIfAborted();
      if (!mayCommit(state, change)) return { won: false, snapshot: read(query) };
      const revision = state.store.revision + 1;
      apply(state, change, revision);
      return { won: true, revision, snapshot: read(query) };
    },
  };
}

function mayCommit(state: State, change: Change): boolean {
  const { audit, secret, tail } = change;
  if (state.store.epoch !== audit.epoch) return false;
  if (change.init !== undefined && state.store.revision !== 0) return false;
  if (state.audit.some((entry) => entry.writeId === audit.writeId)) return false;
  const untouched = !state.audit.some((entry) => entry.resource === audit.resource && entry.revision > tail);
  switch (secret?.kind) {
    case undefined:
      return untouched;
    case "create":
      return untouched && !state.secrets.has(secret.head.path);
    case "update":
      return state.secrets.get(secret.head.path)?.head.version === secret.seen;
    case "remove":
      return state.secrets.get(secret.path)?.head.version === secret.seen;
  }
}

function apply(state: State, change: Change, revision: number): void {
  state.audit.push({ ...change.audit, revision });
  if (change.init !== undefined) {
    const { keys, keyId, mac } = change.init;
    state.keys = [...state.keys, ...keys];
    state.store = { ...state.store, keyId, mac };
  }
  if (change.secret !== undefined) applySecret(state, change.secret, revision);
  if (change.authority !== undefined) {
    state.store = { ...state.store, ...change.authority, epoch: state.store.epoch + 1 };
  }
  state.store = { ...state.store, revision };
}

function applySecret(state: State, change: SecretChange, revision: number): void {
  if (change.kind === "remove") {
    state.secrets.delete(change.path);
    return;
  }
  const { head } = change;
  const versions = state.secrets.get(head.path)?.versions ?? [];
  state.secrets.set(head.path, {
    head: { ...head, version: revision },
    versions: applyVersions(versions, change.versions),
  });
}

function applyVersions(versions: readonly VersionRow[], changes: VersionChanges): readonly VersionRow[] {
  const { insert, pruneBelow = 0, softDelete, restore } = changes;
  const kept = versions.filter((version) => version.number >= pruneBelow);
  return [...kept, ...(insert === undefined ? [] : [insert])].map((version) => {
    if (softDelete?.numbers.includes(version.number)) return { ...version, deletedAt: softDelete.at };
    if (restore?.numbers.includes(version.number)) return { ...version, deletedAt: null };
    return version;
  });
}

function snapshotOf<Q extends Query>(state: State, query: Q, now: number): Snapshot<Q> {
  const snapshot: AnySnapshot = {
    now,
    store: state.store,
    newest: state.audit.findLast((entry) => entry.revision === state.store.revision)?.mac ?? null,
    keys: state.keys,
    secret: query.secret && secretView(state, query.secret, now),
    paths: query.paths && pathsOf(state, query.paths),
    audit: query.audit && auditOf(state, query.audit),
    replay: state.audit.find((entry) => entry.writeId === query.writeId),
  };
  // Each part is there exactly when the query asked for it, which is what the type says.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return structuredClone(snapshot) as Snapshot<Q>;
}

function secretView(state: State, asked: NonNullable<Query["secret"]>, now: number): SecretView {
  const found = state.secrets.get(asked.path);
  const versions = found?.versions ?? [];
  const until = found?.head.currentUntil ?? null;
  const lapsed = until !== null && until <= now;
  const highestLive = versions.findLast(
    (version) => version.destroyedAt === null && (version.deletedAt === null || version.deletedAt > now),
  );
  const current = lapsed ? highestLive?.number : found?.head.current;
  const number = asked.version === "current" ? current : asked.version;
  return {
    head: found?.head,
    states: asked.version === "current" && !lapsed ? undefined : versions.map(withoutValue),
    version: versions.find((version) => version.number === number),
    tail: state.audit.findLast((entry) => entry.resource === `secret:${asked.path}`),
  };
}

function withoutValue(version: VersionRow): VersionState {
  const { number, writeId, createdAt, deletedAt, destroyedAt } = version;
  return { number, writeId, createdAt, deletedAt, destroyedAt };
}

function pathsOf(state: State, asked: NonNullable<Query["paths"]>): readonly string[] {
  const encoder = new TextEncoder();
  return [...state.secrets.keys()]
    .filter((path) => path.startsWith(asked.prefix))
    .map((path) => ({ path, bytes: encoder.encode(path) }))
    .filter(({ bytes }) => compareBytes(bytes, encoder.encode(asked.after)) > 0)
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .slice(0, asked.limit)
    .map(({ path }) => path);
}

function auditOf(state: State, asked: NonNullable<Query["audit"]>): readonly AuditRow[] {
  return state.audit.filter((entry) => entry.revision > asked.after).slice(0, asked.limit);
}

/** As SQLite's BINARY collation; JavaScript would compare UTF-16 code units. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const different = a.findIndex((byte, index) => byte !== b[index]);
  if (different < 0) return a.length - b.length;
  return (a[different] ?? 0) - (b[different] ?? -1);
}
