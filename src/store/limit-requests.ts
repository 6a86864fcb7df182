import type { BulkStore } from "./store.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

/** Workers allow 50 subrequests an invocation on the smallest plan; leave room for what is not the database. */
const MAX_REQUESTS = 40;

/** The store for one request, and what it cost so far. */
export interface MeteredStore extends BulkStore {
  readonly requests: number;
  /** Milliseconds spent waiting for answers. */
  readonly waitedMs: number;
}

/** The store for one request: refuses to be asked more than 40 times, and tells how often and how long it was. */
export function limitRequests(store: BulkStore, now: () => number): MeteredStore {
  let requests = 0;
  let waitedMs = 0;
  const metered = async <T>(work: () => Promise<T>): Promise<T> => {
    if (requests >= MAX_REQUESTS) throw new StoreUnavailable("budget", "none", `${MAX_REQUESTS} database requests`);
    requests += 1;
    const began = now();
    try {
      return await work();
    } finally {
      waitedMs += now() - began;
    }
  };
  return {
    get requests() {
      return requests;
    },
    get waitedMs() {
      return waitedMs;
    },
    load: async (query, signal) => await metered(async () => await store.load(query, signal)),
    commit: async (change, query, signal) => await metered(async () => await store.commit(change, query, signal)),
    commitEach: async (changes, query, signal) =>
      await metered(async () => await store.commitEach(changes, query, signal)),
  };
}
