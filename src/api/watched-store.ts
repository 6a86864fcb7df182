import type { BulkStore } from "../store/store.ts";
import { watchClock } from "../store/watch-clock.ts";
import { reportSkew } from "./report-problems.ts";
import type { Service } from "./service.ts";

/**
 * The store for one request, which logs `clock_skew` at most once: the service keeps nothing between requests, and each request
 * has an audit line anyway. The memory store has no clock of its own.
 */
export function watchedStore({ store, backend, platform }: Service, requestId: string): BulkStore {
  if (backend !== "libsql") return store;
  return watchClock(store, { now: () => platform.now(), report: reportSkew(platform.log, requestId) });
}
