import { abortable } from "./abortable.ts";
import type { BulkStore } from "./store.ts";
import { abortedBy, StoreUnavailable } from "./store-unavailable.ts";

/** Workers on the smallest plan allow 50 subrequests per invocation. Some of them are not database requests. */
const MAX_REQUESTS = 40;

/** Number of database requests, and milliseconds spent waiting for them. */
export interface Usage {
  readonly requests: number;
  readonly waitedMs: number;
}

/** The store for one request, with the number and duration of its database requests. */
export interface MeteredStore extends BulkStore, Usage {
  /** The part of it that the replica served. */
  readonly ofReplica: Usage;
}

/**
 * Limits a store to 40 database requests, and measures them. A request ends when its signal aborts, even if the store
 * does not notice. A commit that is abandoned this way has an unknown outcome.
 */
export function limitRequests(store: BulkStore, now: () => number): MeteredStore {
  const total = { requests: 0, waitedMs: 0 };
  const ofReplica = { requests: 0, waitedMs: 0 };
  const meter =
    (outcome: StoreUnavailable["outcome"], part = { ...total }) =>
    async <T>(signal: AbortSignal, send: () => Promise<T>): Promise<T> => {
      if (signal.aborted) throw abortedBy(signal, "none");
      if (total.requests >= MAX_REQUESTS) {
        throw new StoreUnavailable("budget", "none", `${MAX_REQUESTS} database requests`);
      }
      for (const usage of [total, part]) usage.requests += 1;
      const began = now();
      try {
        return await abortable(send(), signal);
      } catch (error) {
        throw signal.aborted && error === signal.reason ? abortedBy(signal, outcome) : error;
      } finally {
        const waitedMs = now() - began;
        for (const usage of [total, part]) usage.waitedMs += waitedMs;
      }
    };
  const load = meter("none");
  const commit = meter("unknown");
  const loadNear = meter("none", ofReplica);
  const { replica } = store;
  return {
    get requests() {
      return total.requests;
    },
    get waitedMs() {
      return total.waitedMs;
    },
    ofReplica,
    load: async (query, signal) => await load(signal, async () => await store.load(query, signal)),
    replica: replica && {
      load: async (query, signal) => await loadNear(signal, async () => await replica.load(query, signal)),
    },
    commit: async (change, query, signal) =>
      await commit(signal, async () => await store.commit(change, query, signal)),
    commitEach: async (changes, query, signal) =>
      await commit(signal, async () => await store.commitEach(changes, query, signal)),
  };
}
