import type { Attempts } from "./attempts.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

/** The share of the remaining time that a request gets while it can still be repeated. */
const SHARE = 1 / 3;

/** The request after this many timeouts is the last one, and gets all the remaining time. */
const MAX_TIMEOUTS = 2;

/** Sends one database request. Its signal aborts when one of `stops` does, or when the request's own time is up. */
export type SendLimited = <T>(
  stops: readonly AbortSignal[],
  send: (signal: AbortSignal) => Promise<T>,
  options?: { /** A shorter limit, in milliseconds. It does not count as a timeout. */ readonly maxMs?: number },
) => Promise<T>;

/**
 * Limits the time of each database request of a sequence, so that one that hangs can be repeated before the deadline
 * (decision 0028). Each request gets a third of what is left. After two timeouts, the next one gets all of it.
 *
 * If the clock is changed meanwhile, a request gets too much time or too little. The deadline holds anyway.
 */
export function limitRequestTime(attempts: Attempts): SendLimited {
  let timeouts = 0;
  const startTimer = (limit: AbortController, maxMs: number): Disposable => {
    const share = Math.max(0, Math.ceil((attempts.endsAt - attempts.now()) * SHARE));
    const ms = Math.min(share, maxMs);
    return attempts.startTimer(ms, () => {
      if (ms === share) timeouts += 1;
      limit.abort(new StoreUnavailable("timeout", "none", `${ms} ms`));
    });
  };
  return async (stops, send, { maxMs = Infinity } = {}) => {
    // One controller and no `AbortSignal.any`, because every request pays for these objects.
    const limit = new AbortController();
    const onStop = (): void => limit.abort(stops.find(({ aborted }) => aborted)?.reason);
    for (const stop of stops) stop.addEventListener("abort", onStop);
    if (stops.some(({ aborted }) => aborted)) onStop();
    using _timer = timeouts < MAX_TIMEOUTS || maxMs < Infinity ? startTimer(limit, maxMs) : undefined;
    try {
      return await send(limit.signal);
    } finally {
      for (const stop of stops) stop.removeEventListener("abort", onStop);
    }
  };
}
