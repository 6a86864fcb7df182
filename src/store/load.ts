import { type Attempts, pauseAfterFailure } from "./attempts.ts";
import type { Query, Snapshot, Store } from "./store.ts";
import { StoreUnavailable, type UnavailableCause } from "./store-unavailable.ts";

/** About 2 s in the mean: longer than a failover hiccup, shorter than the deadline. */
const MAX_TRIES = 10;

const PASSING: ReadonlySet<UnavailableCause> = new Set<UnavailableCause>(["connection", "status", "malformed", "busy"]);

/**
 * Loads a snapshot, again after passing failures, and stops when the caller hangs up or `attempts.deadline` fires.
 *
 * @throws StoreUnavailable
 */
export async function load<Q extends Query>(store: Store, query: Q, attempts: Attempts): Promise<Snapshot<Q>> {
  return await loadUntil(store, query, { attempts, signal: AbortSignal.any([attempts.deadline, attempts.client]) });
}

/** {@link load}, stopped by the given signal alone. */
export async function loadUntil<Q extends Query>(
  store: Store,
  query: Q,
  options: { readonly attempts: Attempts; readonly signal: AbortSignal },
): Promise<Snapshot<Q>> {
  const { attempts, signal } = options;
  for (let tried = 0; ; tried += 1) {
    try {
      return await store.load(query, signal);
    } catch (error) {
      const passing = error instanceof StoreUnavailable && PASSING.has(error.reason);
      if (!passing || tried + 1 >= MAX_TRIES) throw error;
      await pauseAfterFailure(attempts, tried, signal);
    }
  }
}
