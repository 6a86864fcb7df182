import { describe, expect, it } from "vitest";
import { type Comparison, differences, ratios } from "./compare.ts";
import { isMet, throughput } from "./result.ts";
import { quantile, spreadOf } from "./statistics.ts";

describe("statistics", () => {
  it("interpolates quantiles, in any order of the values, and numbers are not sorted as texts", () => {
    expect([0, 0.5, 1].map((at) => quantile([10, 9, 100], at))).toEqual([9, 10, 100]);
    expect(quantile([1, 2], 0.5)).toBe(1.5);
    expect(quantile([4], 0.99)).toBe(4);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it("has a median and the two ends", () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
  });
});

describe("a comparison", () => {
  const sample = (perSecond: number) => ({ requests: 1, late: 0, perSecond, p50Ms: 1, maxMs: 1 });
  // A spell that halves both sides in one round leaves the ratio as it is.
  const comparison: Comparison = { ours: [60, 30, 50].map(sample), base: [100, 50, 100].map(sample) };

  it("is of each round with itself", () => {
    expect(ratios(comparison, ({ perSecond }) => perSecond)).toEqual({ median: 0.6, least: 0.5, most: 0.6 });
    expect(differences(comparison, ({ perSecond }) => perSecond)).toEqual({ median: -40, least: -50, most: -20 });
  });

  it("meets its goal, or not, by the median", () => {
    const line = { figure: "f", against: "g" };
    expect(isMet(throughput(comparison, line))).toBeUndefined();
    expect(isMet(throughput(comparison, { ...line, goal: { least: 0.6 } }))).toBe(true);
    expect(isMet(throughput(comparison, { ...line, goal: { least: 0.61 } }))).toBe(false);
    expect(isMet(throughput(comparison, { ...line, goal: { most: 0.59 } }))).toBe(false);
    expect(throughput(comparison, line)).toMatchObject({ ours: 50, base: 100, kind: "ratio" });
  });
});
