import type { AuditRow } from "../store/rows.ts";

/** The two times of an entry: by the database's clock and by the worker's, when the commit was decided on. */
export type EntryTimes = Pick<AuditRow, "at" | "workerAt">;

/**
 * How far both times of an entry may be before both times of an earlier one: a minute of clock skew, and 120 s, the longest
 * deadline of a commit (scheduled refreshes; requests have at most 25 s).
 */
const MAX_DELAY_MS = 180_000;

/**
 * The latest time that both clocks had reached in one of the entries so far.
 *
 * @param reached the result for the entries before; `-Infinity` if there are no others
 * @param entry an entry that verifies: a forged time would make every later entry look withheld
 */
export function reachedTime(reached: number, { at, workerAt }: EntryTimes): number {
  return Math.max(reached, Math.min(at, workerAt));
}

/**
 * The problem of an entry that was decided on long before an earlier entry, by both clocks: the database kept the commit back
 * and applied it after its latest time. One wrong clock is not enough for this.
 *
 * @param reached the {@link reachedTime} of the entries before it
 */
export function withheldProblem(reached: number, { at, workerAt }: EntryTimes): string | undefined {
  const behindMs = reached - Math.max(at, workerAt);
  return behindMs > MAX_DELAY_MS
    ? `was kept back: by both clocks it is ${Math.round(behindMs / 1000)} s older than an earlier entry`
    : undefined;
}
