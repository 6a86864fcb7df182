import type { AnySnapshot, Query, Snapshot, Store } from "../../src/store/store.ts";

/** A store that changes the snapshots of its loads: `change` returns the parts to replace. `loads` counts from 1. */
export function changeSnapshots(
  store: Store,
  change: (snapshot: AnySnapshot, query: Query, loads: number) => Partial<AnySnapshot>,
): Store {
  let loads = 0;
  return {
    commit: async (changes, query, signal) => await store.commit(changes, query, signal),
    async load<Q extends Query>(query: Q, signal: AbortSignal) {
      const snapshot = await store.load(query, signal);
      loads += 1;
      return { ...snapshot, ...change(snapshot, query, loads) } as Snapshot<Q>;
    },
  };
}
