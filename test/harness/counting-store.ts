import type { Store } from "../../src/store/store.ts";

/** A store that counts its round trips. */
export interface CountingStore extends Store {
  /** Loads and commits. Tests reset it to 0. */
  trips: number;
}

export function countingStore(inner: Store): CountingStore {
  const store: CountingStore = {
    trips: 0,
    load: async (query, signal) => ((store.trips += 1), await inner.load(query, signal)),
    commit: async (change, query, signal) => ((store.trips += 1), await inner.commit(change, query, signal)),
  };
  return store;
}
