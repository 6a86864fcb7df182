import type { Attempts } from "./attempts.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

/** The share of the remaining time that a request gets while it can still be repeated. */
const SHARE = 1 / 3;

/** The request after this many timeouts is the last one, and gets all the remaining time. */
const MAX_TIMEOUTS = 2;

/** Sends one database request. Its signal aborts when `stop` does, or when the request's own time is up. */
export type SendLimited = <T>(stop: AbortSignal, send: (signal: AbortSignal) => Promise<T>) => Promise<T>;

/**
 * Limits the time of each database request of a sequence, so that one that hangs can be repeated before the deadline
 * (decision 0028). Each request gets a third of what is left. After two timeouts, the next one gets all of it.
 *
 * If the clock is changed meanwhile, a request gets too much time or too little. The deadline holds anyway.
 */
export function limitRequestTime(attempts: Attempts): SendLimited {
  let timeouts = 0;
  return async (stop, send) => {
    if (timeouts === MAX_TIMEOUTS) return await send(stop);
    const limit = new AbortController();
    const ms = Math.max(0, Math.ceil((attempts.endsAt - attempts.now()) * SHARE));
    const onStop = (): void => limit.abort(stop.reason);
    stop.addEventListener("abort", onStop);
    if (stop.aborted) onStop();
    using _timer = attempts.startTimer(ms, () => {
      timeouts += 1;
      limit.abort(new StoreUnavailable("timeout", "none", `${ms} ms`));
    });
    try {
      return await send(limit.signal);
    } finally {
      stop.removeEventListener("abort", onStop);
    }
  };
}
