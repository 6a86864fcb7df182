import * as fc from "fast-check";
import { expect, it } from "vitest";
import { isDue } from "./is-due.ts";

const EVERY = 300_000;

/** At which of these looks a bundle with that hint is due. */
function dueAt(hint: number | null, looks: readonly number[], every = EVERY): readonly number[] {
  return looks.filter((look) => isDue(hint, { at: look * every, every }));
}

const TWELVE = Array.from({ length: 12 }, (_, look) => look);

it("B08 a bundle without a hint, or with a short one, is due at each look", () => {
  for (const hint of [null, 0, 1, 60, 300]) expect(dueAt(hint, TWELVE), String(hint)).toEqual(TWELVE);
});

it("B08 a longer hint makes it due once in its time, and more than 15 minutes count as 15 minutes", () => {
  expect(dueAt(600, TWELVE)).toEqual([0, 2, 4, 6, 8, 10]);
  for (const hint of [900, 3600, 86_400, 1e15]) expect(dueAt(hint, TWELVE), String(hint)).toEqual([0, 3, 6, 9]);
});

it("whatever the hint, no look and the one a slot later leave it out for longer than its hint, or 15 minutes, and one look", () => {
  const property = fc.property(fc.nat({ max: 100_000 }), fc.nat({ max: 1_000_000 }), (hint, start) => {
    const looks = Array.from({ length: 30 }, (_, index) => start + index);
    const due = dueAt(hint, looks);
    const most = Math.min(hint, 900) * 1000 + EVERY;
    return [looks[0]!, ...due, looks.at(-1)!].every(
      (look, index, all) => index === 0 || (look - all[index - 1]!) * EVERY <= most,
    );
  });
  fc.assert(property, { numRuns: 500 });
});
