/** Positions, as `[from, to, from, to, ...]`, ascending and apart; `to` is outside. The last one may end at Infinity. */
export type Intervals = number[];

/** Begins an interval at a position that is not before the end of the last one. */
export function open(intervals: Intervals, at: number): void {
  if (intervals.length > 0 && intervals.at(-1) === at) intervals[intervals.length - 1] = Infinity;
  else intervals.push(at, Infinity);
}

/** Ends the last interval, which is open. */
export function close(intervals: Intervals, at: number): void {
  if (intervals.at(-2) === at) intervals.length -= 2;
  else intervals[intervals.length - 1] = at;
}

/** Whether the last interval has not ended. */
export function isOpen(intervals: Intervals): boolean {
  return intervals.at(-1) === Infinity;
}

/** The smallest position inside that is at least `position`; Infinity where there is none. */
export function nextInside(intervals: Intervals, position: number): number {
  const index = endAfter(intervals, position);
  return Math.max(position, intervals[index] ?? Infinity);
}

/** The smallest position outside that is at least `position`; Infinity where there is none. */
export function nextOutside(intervals: Intervals, position: number): number {
  const index = endAfter(intervals, position);
  return (intervals[index] ?? Infinity) <= position ? (intervals[index + 1] ?? Infinity) : position;
}

/** The largest position inside that is at most `position`; -1 where there is none. */
export function lastInside(intervals: Intervals, position: number): number {
  const index = endAfter(intervals, position);
  if ((intervals[index] ?? Infinity) <= position) return position;
  return index === 0 ? -1 : (intervals[index - 1] ?? 0) - 1;
}

/** The largest position outside that is at most `position`; -1 where there is none. */
export function lastOutside(intervals: Intervals, position: number): number {
  const index = endAfter(intervals, position);
  const from = intervals[index] ?? Infinity;
  return from <= position ? from - 1 : position;
}

/** Whether a position lies inside. */
export function isInside(intervals: Intervals, position: number): boolean {
  return nextInside(intervals, position) === position;
}

/** The smallest bound, of beginning or end, that is greater than `position`. */
export function nextBound(intervals: Intervals, position: number): number {
  const index = endAfter(intervals, position);
  const from = intervals[index] ?? Infinity;
  return from > position ? from : (intervals[index + 1] ?? Infinity);
}

/** Index of the first interval that ends after `position`. */
function endAfter(intervals: Intervals, position: number): number {
  let low = 0;
  let high = intervals.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((intervals[2 * middle + 1] ?? Infinity) > position) high = middle;
    else low = middle + 1;
  }
  return 2 * low;
}
