import type { Store } from "./store.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

/** Workers allow 50 subrequests an invocation on the smallest plan; leave room for what is not the database. */
const MOST_REQUESTS = 40;

/** The store for one request: refuses to be asked more than 40 times, and tells how often it was. */
export function limitRequests(store: Store): Store & { readonly requests: number } {
  let requests = 0;
  const count = (): void => {
    if (requests >= MOST_REQUESTS) throw new StoreUnavailable("budget", "none", `${MOST_REQUESTS} database requests`);
    requests += 1;
  };
  return {
    get requests() {
      return requests;
    },
    async load(query, signal) {
      count();
      return await store.load(query, signal);
    },
    async commit(change, query, signal) {
      count();
      return await store.commit(change, query, signal);
    },
  };
}
