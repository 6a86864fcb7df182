import { describe, expect, it } from "vitest";
import { type Comparison, differences, ratios } from "./compare.ts";
import { type Result, isMet, throughputResult } from "./result.ts";
import { requireFigures } from "./run-bench.ts";
import { quantile, spreadOf } from "./statistics.ts";

describe("statistics", () => {
  it("interpolates quantiles of unsorted values and sorts numerically", () => {
    expect([0, 0.5, 1].map((fraction) => quantile([10, 9, 100], fraction))).toEqual([9, 10, 100]);
    expect(quantile([1, 2], 0.5)).toBe(1.5);
    expect(quantile([4], 0.99)).toBe(4);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it("summarizes values by median, minimum and maximum", () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  });
});

describe("a comparison", () => {
  const sample = (perSecond: number) => ({ requests: 1, unavailable: 0, perSecond, p50Ms: 1, maxMs: 1 });
  // In the second round both sides are slow. Their ratio stays the same.
  const comparison: Comparison = { measured: [60, 30, 50].map(sample), baseline: [100, 50, 100].map(sample) };

  it("compares the two samples of the same round", () => {
    expect(ratios(comparison, ({ perSecond }) => perSecond)).toEqual({ median: 0.6, min: 0.5, max: 0.6 });
    expect(differences(comparison, ({ perSecond }) => perSecond)).toEqual({ median: -40, min: -50, max: -20 });
  });

  it("judges the goal by the median", () => {
    const labels = { benchmark: "b", comparedWith: "c" };
    expect(isMet(throughputResult(comparison, labels))).toBeUndefined();
    expect(isMet(throughputResult(comparison, { ...labels, goal: { min: 0.6 } }))).toBe(true);
    expect(isMet(throughputResult(comparison, { ...labels, goal: { min: 0.61 } }))).toBe(false);
    expect(isMet(throughputResult(comparison, { ...labels, goal: { max: 0.59 } }))).toBe(false);
    expect(throughputResult(comparison, labels)).toMatchObject({ measured: 50, baseline: 100, kind: "ratio" });
  });
});

describe("a benchmark that measured nothing", () => {
  const good: Result = {
    benchmark: "get",
    comparedWith: "c",
    unit: "ms",
    measured: 1,
    baseline: 2,
    kind: "ratio",
    value: { median: 1, min: 1, max: 1 },
  };
  it.each<readonly [string, readonly Result[]]>([
    ["returns no result", []],
    ["has no median", [{ ...good, value: { median: Number.NaN, min: 1, max: 1 } }]],
    ["has an infinite ratio", [{ ...good, value: { median: 1, min: 1, max: Infinity } }]],
    ["has no absolute value", [{ ...good, measured: Number.NaN }]],
  ])("fails if it %s (Q50)", (_, results) => {
    expect(() => requireFigures("reads", results)).toThrow(/^Cannot report/);
    expect(() => requireFigures("reads", [good])).not.toThrow();
  });
});
