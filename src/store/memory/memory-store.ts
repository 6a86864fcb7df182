import type { BulkStore, Change, Commit, CommitEach, Query, Snapshot } from "../store.ts";
import { hexToBytes } from "@noble/curves/utils.js";
import { applyChange } from "./apply-change.ts";
import { mayCommit } from "./may-commit.ts";
import { readSnapshot } from "./read-snapshot.ts";
import type { State } from "./state.ts";

/** Root of the empty authority trie: the digest of an empty leaf. The migration of the libSQL store has the same. */
const EMPTY_TRIE = "6e340b9cffb37a989ca544e6bb780a2c";

/**
 * The complete store contract in memory, for tests and development. It is the specification that the libSQL store is compared
 * with. A load or commit is atomic because it runs within one turn of the event loop.
 */
export function memoryStore(options: {
  readonly storeId: string;
  readonly now: () => number;
  /** What is stored at first: nothing unless set. The store changes it. */
  readonly state?: State;
}): BulkStore {
  const { state = emptyState(options.storeId) } = options;
  const read = <Q extends Query>(query: Q): Snapshot<Q> => readSnapshot(state, query, options.now());
  const apply = (change: Change): number | undefined => {
    if (!mayCommit(state, change, options.now())) return undefined;
    const revision = (change.beyond ?? state.store.revision) + 1;
    applyChange(state, change, revision);
    return revision;
  };
  return {
    async load(query, signal) {
      signal.throwIfAborted();
      return read(query);
    },
    async commit<Q extends Query>(change: Change, query: Q, signal: AbortSignal): Promise<Commit<Q>> {
      signal.throwIfAborted();
      const revision = apply(change);
      return revision === undefined ? { won: false, snapshot: read(query) } : { won: true, revision };
    },
    async commitEach<Q extends Query>(
      changes: readonly Change[],
      query: Q,
      signal: AbortSignal,
    ): Promise<CommitEach<Q>> {
      signal.throwIfAborted();
      const revisions = changes.map(apply);
      return { revisions, snapshot: read(query) };
    },
  };
}

export function emptyState(storeId: string): State {
  return {
    store: {
      storeId,
      revision: 0,
      epoch: 0,
      schemaVersion: 2,
      auditFloor: 0,
      authority: hexToBytes(EMPTY_TRIE),
      generation: "",
      acknowledged: 0,
      keyId: null,
      mac: null,
    },
    keys: [],
    secrets: new Map(),
    policies: new Map(),
    bundles: new Map(),
    nodes: new Map(),
    heartbeat: undefined,
    audit: [],
  };
}
