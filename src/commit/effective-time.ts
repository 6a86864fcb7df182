import type { AnySnapshot, TimeBounds } from "../store/store.ts";

/** How far the time of a row may be from the worker's clock. */
const MAX_DISTANCE_MS = 15 * 60 * 1000;

/** The earliest and latest time that a request at `workerNow` accepts from the database. */
export function timeBounds(workerNow: number): TimeBounds {
  return { earliest: workerNow - MAX_DISTANCE_MS, latest: workerNow + MAX_DISTANCE_MS };
}

/**
 * The time that rows are written and read by: the database's clock, which all workers share, within the bounds. A database
 * whose clock is years off can neither date a row in 2029 nor bring back an expired value.
 */
export function effectiveTime({ now }: Pick<AnySnapshot, "now">, { earliest, latest }: TimeBounds): number {
  return Math.min(Math.max(now, earliest), latest);
}
