import type { Commits } from "./commit.ts";
import { type Exchanges, orderBy } from "./exchanges.ts";

/** Looks up how high the position of an answer can be. */
export interface Ceiling {
  /** The position before the first commit whose request was sent after that time, or else the last one of all. */
  at(end: number): number;
}

/** Knows when each commit can have happened at the earliest. */
export function ceilingOf({ all }: Commits, { call, first }: Exchanges): Ceiling {
  const last = all.at(-1)?.entry.revision ?? 0;
  const known = all.filter(({ operation }) => operation !== undefined);
  const calls = Float64Array.from(known, ({ place, operation }) => {
    const earliest = place >= 0 ? place : (first[operation?.id ?? -1] ?? -1);
    return call[earliest] ?? -Infinity;
  });
  const order = orderBy(calls);
  const sorted = Float64Array.from(order, (index) => calls[index] ?? 0);
  const lowest = new Float64Array(order.length);
  let least = Infinity;
  for (let index = order.length - 1; index >= 0; index -= 1) {
    least = Math.min(least, known[order[index] ?? -1]?.entry.revision ?? Infinity);
    lowest[index] = least;
  }
  return {
    at(end) {
      let low = 0;
      let high = sorted.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((sorted[middle] ?? Infinity) > end) high = middle;
        else low = middle + 1;
      }
      return Math.min(last, (lowest[low] ?? Infinity) - 1);
    },
  };
}
