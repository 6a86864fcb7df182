import { partitionPoint } from "./partition-point.ts";

/**
 * A set of revisions as half-open intervals `[from, to, from, to, …]`, ascending and disjoint. `to` is exclusive.
 * The last interval may end at Infinity: then it is open.
 */
export type Intervals = number[];

/** Starts an interval at a revision that is not before the end of the last interval. */
export function startInterval(intervals: Intervals, revision: number): void {
  if (intervals.length > 0 && intervals.at(-1) === revision) intervals[intervals.length - 1] = Infinity;
  else intervals.push(revision, Infinity);
}

/** Ends the open interval. */
export function endInterval(intervals: Intervals, revision: number): void {
  if (intervals.at(-2) === revision) intervals.length -= 2;
  else intervals[intervals.length - 1] = revision;
}

/** True if the last interval is open. */
export function isOpen(intervals: Intervals): boolean {
  return intervals.at(-1) === Infinity;
}

export function contains(intervals: Intervals, revision: number): boolean {
  return nextInside(intervals, revision) === revision;
}

/** The smallest revision inside that is at least `revision`, or Infinity. */
export function nextInside(intervals: Intervals, revision: number): number {
  const index = firstEndingAfter(intervals, revision);
  return Math.max(revision, intervals[index] ?? Infinity);
}

/** The smallest revision outside that is at least `revision`, or Infinity. */
export function nextOutside(intervals: Intervals, revision: number): number {
  const index = firstEndingAfter(intervals, revision);
  return (intervals[index] ?? Infinity) <= revision ? (intervals[index + 1] ?? Infinity) : revision;
}

/** The largest revision inside that is at most `revision`, or -1. */
export function lastInside(intervals: Intervals, revision: number): number {
  const index = firstEndingAfter(intervals, revision);
  if ((intervals[index] ?? Infinity) <= revision) return revision;
  return index === 0 ? -1 : (intervals[index - 1] ?? 0) - 1;
}

/** The largest revision outside that is at most `revision`, or -1. */
export function lastOutside(intervals: Intervals, revision: number): number {
  const index = firstEndingAfter(intervals, revision);
  const from = intervals[index] ?? Infinity;
  return from <= revision ? from - 1 : revision;
}

/** The smallest start or end of an interval that is greater than `revision`, or Infinity. */
export function nextBoundary(intervals: Intervals, revision: number): number {
  const index = firstEndingAfter(intervals, revision);
  const from = intervals[index] ?? Infinity;
  return from > revision ? from : (intervals[index + 1] ?? Infinity);
}

/** Index of the first interval that ends after `revision`. */
function firstEndingAfter(intervals: Intervals, revision: number): number {
  return 2 * partitionPoint(intervals.length / 2, (index) => (intervals[2 * index + 1] ?? Infinity) > revision);
}
