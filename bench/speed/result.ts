import { type Comparison, differences, ratios } from "./compare.ts";
import type { Sample } from "./load/run-load.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** Bounds for the median. */
interface Goal {
  readonly min?: number;
  readonly max?: number;
}

/** One row of the results table. */
export interface Result {
  /** Name and conditions, such as `get, 16 clients`. */
  readonly benchmark: string;
  readonly comparedWith: string;
  readonly unit: "1/s" | "ms" | "MiB" | "KiB" | "requests";
  /** Median absolute value. */
  readonly measured: number;
  /** Median absolute value of the baseline. Null if there is no baseline. */
  readonly baseline: number | null;
  /** How `value` is derived from the two absolute values. */
  readonly kind: "ratio" | "difference" | "amount";
  /** The value that the goal applies to. */
  readonly value: Spread;
  readonly goal?: Goal;
}

type Labels = Pick<Result, "benchmark" | "comparedWith"> & { readonly goal?: Goal };

const perSecond = (sample: Sample): number => sample.perSecond;
const p50 = (sample: Sample): number => sample.p50Ms;

export function throughputResult(comparison: Comparison, labels: Labels): Result {
  const value = ratios(comparison, perSecond);
  return { ...labels, unit: "1/s", ...medians(comparison, perSecond), kind: "ratio", value };
}

export function latencyResult(comparison: Comparison, labels: Labels): Result {
  return { ...labels, unit: "ms", ...medians(comparison, p50), kind: "ratio", value: ratios(comparison, p50) };
}

export function addedLatencyResult(comparison: Comparison, labels: Labels): Result {
  const value = differences(comparison, p50);
  return { ...labels, unit: "ms", ...medians(comparison, p50), kind: "difference", value };
}

/** An absolute value, one per round. */
export function amountResult(values: readonly number[], labels: Labels & Pick<Result, "unit" | "baseline">): Result {
  const value = spreadOf(values);
  return { ...labels, measured: value.median, kind: "amount", value };
}

/** Whether the median meets the goal. Undefined without a goal. */
export function isMet({ goal, value }: Result): boolean | undefined {
  if (goal === undefined) return undefined;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = goal;
  return value.median >= min && value.median <= max;
}

function medians({ measured, baseline }: Comparison, select: (sample: Sample) => number) {
  return { measured: spreadOf(measured.map(select)).median, baseline: spreadOf(baseline.map(select)).median };
}
