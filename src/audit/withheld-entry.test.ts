import { describe, expect, it } from "vitest";
import { type EntryTimes, reachedTime, withheldProblem } from "./withheld-entry.ts";

const T = 1_800_000_000_000;
const SECOND = 1000;
const DAY = 86_400_000;

/** The indexes of the entries that are reported, given their times as [database, worker], relative to T. */
function reported(...times: readonly (readonly [at: number, workerAt: number])[]): readonly number[] {
  let reached = -Infinity;
  return times.flatMap(([at, workerAt], index) => {
    const entry: EntryTimes = { at: T + at, workerAt: T + workerAt };
    const problem = withheldProblem(reached, entry);
    reached = reachedTime(reached, entry);
    return problem === undefined ? [] : [index];
  });
}

describe("an entry that was kept back", () => {
  it("is reported if both of its times are more than three minutes before both times of an earlier entry", () => {
    expect(reported([0, 0], [-181 * SECOND, -181 * SECOND])).toEqual([1]);
    expect(reported([0, DAY], [-181 * SECOND, -DAY])).toEqual([1]);
    expect(reported([DAY, 0], [-DAY, -181 * SECOND])).toEqual([1]);
  });

  it("is not reported within three minutes: a minute of skew and the longest deadline", () => {
    expect(reported([0, 0], [-180 * SECOND, -180 * SECOND])).toEqual([]);
    expect(reported([0, 0], [-180 * SECOND, -DAY])).toEqual([]);
  });

  it("is reported against any earlier entry, and does not hide the next one", () => {
    expect(reported([0, 0], [-DAY, -DAY], [1, 1], [-DAY, -DAY], [2, 2])).toEqual([1, 3]);
  });

  it.each<readonly [string, readonly (readonly [number, number])[]]>([
    [
      "both are right",
      [
        [0, 0],
        [SECOND, SECOND],
        [2 * SECOND, 2 * SECOND],
      ],
    ],
    [
      "the database is ahead once",
      [
        [0, 0],
        [1000 * DAY, SECOND],
        [2 * SECOND, 2 * SECOND],
      ],
    ],
    [
      "the database is behind for some commits",
      [
        [0, 0],
        [-100 * DAY, SECOND],
        [-100 * DAY, 2 * SECOND],
        [3 * SECOND, 3 * SECOND],
      ],
    ],
    [
      "a worker is ahead",
      [
        [0, 0],
        [SECOND, 1000 * DAY],
        [2 * SECOND, 2 * SECOND],
      ],
    ],
    [
      "a worker is behind",
      [
        [0, 0],
        [SECOND, -1000 * DAY],
        [2 * SECOND, 2 * SECOND],
      ],
    ],
    [
      "workers disagree",
      [
        [0, DAY],
        [SECOND, -DAY],
        [2 * SECOND, DAY],
        [3 * SECOND, -DAY],
      ],
    ],
  ])("is not reported if %s", (_, times) => {
    expect(reported(...times)).toEqual([]);
  });

  it("has a problem that names the delay", () => {
    expect(withheldProblem(T, { at: T - 2 * DAY, workerAt: T - DAY })).toBe(
      "was kept back: by both clocks it is 86400 s older than an earlier entry",
    );
    expect(withheldProblem(-Infinity, { at: 0, workerAt: 0 })).toBeUndefined();
  });
});
