import type { AnySnapshot, BulkStore } from "./store.ts";

/** A difference that is reported. Below it, entries and rows of different workers are still in a useful order. */
const MAX_SKEW_MS = 60_000;

/** How far the database's clock is from the worker's. */
export interface ClockSkew {
  readonly direction: "ahead" | "behind";
  readonly seconds: number;
}

/**
 * A store for one request that reports the first snapshot whose time differs from the worker's clock by more than a minute.
 *
 * The snapshot was taken between the request and its answer, so a slow database is not mistaken for a wrong clock.
 */
export function watchClock(
  store: BulkStore,
  { now, report }: { readonly now: () => number; readonly report: (skew: ClockSkew) => void },
): BulkStore {
  let isReported = false;
  const check = (began: number, snapshot: Pick<AnySnapshot, "now">): void => {
    const aheadMs = snapshot.now - now();
    const behindMs = began - snapshot.now;
    if (isReported || Math.max(aheadMs, behindMs) <= MAX_SKEW_MS) return;
    isReported = true;
    const direction = aheadMs > behindMs ? "ahead" : "behind";
    report({ direction, seconds: Math.round(Math.max(aheadMs, behindMs) / 1000) });
  };
  const { replica } = store;
  return {
    replica: replica && {
      async load(query, signal) {
        const began = now();
        const snapshot = await replica.load(query, signal);
        check(began, snapshot);
        return snapshot;
      },
    },
    async load(query, signal) {
      const began = now();
      const snapshot = await store.load(query, signal);
      check(began, snapshot);
      return snapshot;
    },
    async commit(change, query, signal) {
      const began = now();
      const result = await store.commit(change, query, signal);
      if (!result.won) check(began, result.snapshot);
      return result;
    },
    async commitEach(changes, query, signal) {
      const began = now();
      const result = await store.commitEach(changes, query, signal);
      check(began, result.snapshot);
      return result;
    },
  };
}
