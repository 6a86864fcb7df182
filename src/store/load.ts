import { type Attempts, pauseAfterFailure } from "./attempts.ts";
import { limitRequestTime } from "./request-limit.ts";
import type { Query, Snapshot, Store } from "./store.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

/** About 2 s on average: longer than a short failover, shorter than the deadline. */
const MAX_TRIES = 10;

/**
 * Loads a snapshot and retries after passing failures, such as a load that hangs. Stops when the caller hangs up or the
 * deadline passes.
 *
 * @throws StoreUnavailable
 */
export async function load<Q extends Query>(store: Store, query: Q, attempts: Attempts): Promise<Snapshot<Q>> {
  return await loadUntil(store, query, { attempts, stops: [attempts.deadline, attempts.client] });
}

/** Like {@link load}, but stops only when one of the given signals aborts. */
export async function loadUntil<Q extends Query>(
  store: Store,
  query: Q,
  options: { readonly attempts: Attempts; readonly stops: readonly AbortSignal[] },
): Promise<Snapshot<Q>> {
  const { attempts, stops } = options;
  const sendLimited = limitRequestTime(attempts);
  for (let tried = 0; ; tried += 1) {
    try {
      return await sendLimited(stops, async (limited) => await store.load(query, limited));
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || !error.isPassing || tried + 1 >= MAX_TRIES) throw error;
      await pauseAfterFailure(
        attempts,
        { round: tried, retryAfterMs: error.retryAfterMs },
        AbortSignal.any([...stops]),
      );
    }
  }
}
