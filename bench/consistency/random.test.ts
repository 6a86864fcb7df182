import { expect, it } from "vitest";
import { createRandom } from "./random.ts";

const draw = (seed: number, count: number) => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.next());
};

it("returns the same numbers for the same seed, and others for another seed", () => {
  expect(draw(7, 100)).toEqual(draw(7, 100));
  const firsts = Array.from({ length: 1000 }, (_, seed) => draw(seed, 1)[0]);
  expect(new Set(firsts).size).toBe(1000);
});

it("is uniform", () => {
  for (const seed of [0, 1, 2, 2 ** 31]) {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (const drawn of draw(seed, 100_000)) tenths[Math.floor(drawn * 10)]! += 1;
    for (const count of tenths) expect(count).toBeGreaterThan(9500);
    for (const count of tenths) expect(count).toBeLessThan(10_500);
  }
});

it("picks by probability and among choices", () => {
  const random = createRandom(1);
  const hits = Array.from({ length: 10_000 }, () => random.chance(0.2)).filter(Boolean).length;
  expect(Math.abs(hits - 2000)).toBeLessThan(200);
  expect(new Set(Array.from({ length: 100 }, () => random.pick(["a", "b", "c"])))).toEqual(new Set(["a", "b", "c"]));
  expect(new Set(Array.from({ length: 100 }, () => random.below(3)))).toEqual(new Set([0, 1, 2]));
});
