import * as fc from "fast-check";
import { expect, it } from "vitest";
import { isDue } from "./is-due.ts";

const EVERY = 300_000;

/** The runs of the schedule in which a bundle with that hint is due. */
function dueAt(hint: number | null, runs: readonly number[], every = EVERY): readonly number[] {
  return runs.filter((run) => isDue(hint, { at: run * every, every }));
}

const TWELVE = Array.from({ length: 12 }, (_, run) => run);

it("a bundle without a hint or with a short hint is due in every run (B08)", () => {
  for (const hint of [null, 0, 1, 60, 300]) expect(dueAt(hint, TWELVE), String(hint)).toEqual(TWELVE);
});

it("a bundle with a longer hint is due once per hint, at least every 15 minutes (B08)", () => {
  expect(dueAt(600, TWELVE)).toEqual([0, 2, 4, 6, 8, 10]);
  for (const hint of [900, 3600, 86_400, 1e15]) expect(dueAt(hint, TWELVE), String(hint)).toEqual([0, 3, 6, 9]);
});

it("no bundle waits longer than its hint, or 15 minutes, plus one run", () => {
  const property = fc.property(fc.nat({ max: 100_000 }), fc.nat({ max: 1_000_000 }), (hint, start) => {
    const runs = Array.from({ length: 30 }, (_, index) => start + index);
    const due = dueAt(hint, runs);
    const longest = Math.min(hint, 900) * 1000 + EVERY;
    return [runs[0]!, ...due, runs.at(-1)!].every(
      (run, index, all) => index === 0 || (run - all[index - 1]!) * EVERY <= longest,
    );
  });
  expect(() => fc.assert(property, { numRuns: 500 })).not.toThrow();
});
