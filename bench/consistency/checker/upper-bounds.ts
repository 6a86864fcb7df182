import type { Commits } from "./commit.ts";
import { type ExchangeTable, sortedIndexes } from "./exchange-table.ts";
import { partitionPoint } from "./partition-point.ts";

/**
 * Returns a function from a response's `completedAt` to the upper bound of its linearization point: the revision
 * before the first commit that was invoked later, or the last revision if there is no such commit.
 */
export function upperBounds({ all }: Commits, { invokedAt, firstOf }: ExchangeTable): (completedAt: number) => number {
  const last = all.at(-1)?.entry.revision ?? 0;
  const known = all.filter(({ operation }) => operation !== undefined);
  const times = Float64Array.from(known, ({ exchangeId, operation }) => {
    const earliest = exchangeId >= 0 ? exchangeId : (firstOf[operation?.id ?? -1] ?? -1);
    return invokedAt[earliest] ?? -Infinity;
  });
  const order = sortedIndexes(times);
  const sortedTimes = Float64Array.from(order, (index) => times[index] ?? 0);
  /** The lowest revision of all commits at this index of `sortedTimes` or a higher one. */
  const lowestFrom = new Float64Array(order.length);
  let lowest = Infinity;
  for (let index = order.length - 1; index >= 0; index -= 1) {
    lowest = Math.min(lowest, known[order[index] ?? -1]?.entry.revision ?? Infinity);
    lowestFrom[index] = lowest;
  }
  return (completedAt) => {
    const index = partitionPoint(sortedTimes.length, (at) => (sortedTimes[at] ?? Infinity) > completedAt);
    return Math.min(last, (lowestFrom[index] ?? Infinity) - 1);
  };
}
