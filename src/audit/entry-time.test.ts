import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { datedBy, type DatedEntry, laterTime } from "./entry-time.ts";

const DAY = 86_400_000;

/** An entry per pair of times, in days. Each one is decided on the entry before it. */
function entriesAt(...times: readonly (readonly [at: number, workerAt: number])[]): readonly DatedEntry[] {
  return times.map(([at, workerAt], index) => ({
    revision: index + 1,
    base: index,
    at: at * DAY,
    workerAt: workerAt * DAY,
  }));
}

/** The days that the entries are dated at. */
function daysOf(entries: readonly DatedEntry[], trusted = entries): readonly (number | undefined)[] {
  return datedBy(entries, trusted).map((by) => by && laterTime(by) / DAY);
}

describe("an entry is dated by the earliest of its own and all later entries, each by its later time", () => {
  it.each<readonly [string, readonly (readonly [number, number])[], readonly number[]]>([
    [
      "both clocks right",
      [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
      [1, 2, 3],
    ],
    [
      "the database ahead for one commit",
      [
        [1, 1],
        [1000, 2],
        [3, 3],
      ],
      [1, 3, 3],
    ],
    [
      "the database ahead for a stretch",
      [
        [1, 1],
        [1000, 2],
        [1000, 3],
        [1000, 4],
        [5, 5],
      ],
      [1, 5, 5, 5, 5],
    ],
    [
      "the database ahead until now",
      [
        [1, 1],
        [1002, 2],
        [1003, 3],
      ],
      [1, 1002, 1003],
    ],
    [
      "the database ahead for ever",
      [
        [1001, 1],
        [1002, 2],
        [1003, 3],
      ],
      [1001, 1002, 1003],
    ],
    [
      "the database behind for one commit",
      [
        [1, 1],
        [-100, 2],
        [3, 3],
      ],
      [1, 2, 3],
    ],
    [
      "the database behind for a stretch",
      [
        [1, 1],
        [-99, 2],
        [-98, 3],
        [4, 4],
      ],
      [1, 2, 3, 4],
    ],
    [
      "the database behind for ever",
      [
        [-99, 1],
        [-98, 2],
        [-97, 3],
      ],
      [1, 2, 3],
    ],
    [
      "a worker ahead for one commit",
      [
        [1, 1],
        [2, 1000],
        [3, 3],
      ],
      [1, 3, 3],
    ],
    [
      "a worker ahead for ever",
      [
        [1, 1001],
        [2, 1002],
        [3, 1003],
      ],
      [1001, 1002, 1003],
    ],
    [
      "a worker behind for one commit",
      [
        [1, 1],
        [2, -100],
        [3, 3],
      ],
      [1, 2, 3],
    ],
    [
      "a worker behind for ever",
      [
        [1, -99],
        [2, -98],
        [3, -97],
      ],
      [1, 2, 3],
    ],
    [
      "two workers, one of them ahead",
      [
        [1, 1],
        [2, 1002],
        [3, 3],
        [4, 1004],
        [5, 5],
      ],
      [1, 3, 3, 5, 5],
    ],
    [
      "two workers, one ahead and one behind",
      [
        [1, 1001],
        [2, -98],
        [3, 1003],
        [4, -96],
      ],
      [2, 2, 4, 4],
    ],
    ["no entries", [], []],
  ])("%s", (_, times, expected) => {
    expect(daysOf(entriesAt(...times))).toEqual(expected);
  });
});

it("ignores later entries that were decided on before the entry was committed, such as one that was kept back", () => {
  const [first, second, third] = entriesAt([100, 100], [101, 101], [1, 1]);
  const keptBack = { ...third!, base: 0 };
  expect(daysOf([first!, second!, keptBack])).toEqual([100, 101, 1]);
  expect(daysOf([first!, second!, { ...keptBack, base: 1 }])).toEqual([1, 101, 1]);
});

it("uses the times of trusted entries only, and of entries beyond the list", () => {
  const entries = entriesAt([1, 1], [2, 2], [3, 3]);
  const [first, second, third] = entries;
  expect(daysOf(entries, [second!])).toEqual([2, 2, undefined]);
  expect(daysOf(entries, [])).toEqual([undefined, undefined, undefined]);
  expect(daysOf([first!, second!], [third!])).toEqual([3, 3]);
});

it("never dates an entry before its commit, if at each commit one of the clocks was not behind", () => {
  const commit = fc.record({
    database: fc.integer({ min: -2000, max: 2000 }),
    worker: fc.integer({ min: -2000, max: 2000 }),
    decidedAgo: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(commit, { maxLength: 30 }), (commits) => {
      const entries = commits.map(({ database, worker, decidedAgo }, index): DatedEntry => {
        const revision = index + 1;
        const base = Math.max(0, revision - decidedAgo);
        // Entry n is decided on right after the commit of its base, and committed on day n.
        const isOneRight = Math.max(database, worker) >= 0;
        return { revision, base, at: base + (isOneRight ? database : 0), workerAt: base + worker };
      });
      const dates = datedBy(entries, entries);
      entries.forEach((entry, index) => {
        // Its own times are those of its decision.
        expect(laterTime(dates[index]!)).toBeGreaterThanOrEqual(entry.base);
      });
    }),
  );
});
