import { abortable } from "./abortable.ts";
import type { BulkStore } from "./store.ts";
import { abortedBy, StoreUnavailable } from "./store-unavailable.ts";

/** Workers on the smallest plan allow 50 subrequests per invocation. Some of them are not database requests. */
const MAX_REQUESTS = 40;

/** The store for one request, with the number and duration of its database requests. */
export interface MeteredStore extends BulkStore {
  readonly requests: number;
  /** Milliseconds spent waiting for the database. */
  readonly waitedMs: number;
}

/**
 * Limits a store to 40 database requests, and measures them. A request ends when its signal aborts, even if the store
 * does not notice. A commit that is abandoned this way has an unknown outcome.
 */
export function limitRequests(store: BulkStore, now: () => number): MeteredStore {
  let requests = 0;
  let waitedMs = 0;
  const metered = async <T>(
    { signal, outcome }: { readonly signal: AbortSignal; readonly outcome: StoreUnavailable["outcome"] },
    send: () => Promise<T>,
  ): Promise<T> => {
    if (signal.aborted) throw abortedBy(signal, "none");
    if (requests >= MAX_REQUESTS) throw new StoreUnavailable("budget", "none", `${MAX_REQUESTS} database requests`);
    requests += 1;
    const began = now();
    try {
      return await abortable(send(), signal);
    } catch (error) {
      throw signal.aborted && error === signal.reason ? abortedBy(signal, outcome) : error;
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
    load: async (query, signal) =>
      await metered({ signal, outcome: "none" }, async () => await store.load(query, signal)),
    commit: async (change, query, signal) =>
      await metered({ signal, outcome: "unknown" }, async () => await store.commit(change, query, signal)),
    commitEach: async (changes, query, signal) =>
      await metered({ signal, outcome: "unknown" }, async () => await store.commitEach(changes, query, signal)),
  };
}
