import { type Comparison, differences, ratios } from "./compare.ts";
import type { Sample } from "./load/drive.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** What is asked of a figure. */
interface Goal {
  readonly least?: number;
  readonly most?: number;
}

/** A line of the table. */
export interface Result {
  /** What was measured, and how: `get, 16 clients`. */
  readonly figure: string;
  /** What it is compared with. */
  readonly against: string;
  readonly unit: "1/s" | "ms" | "MiB" | "KiB" | "requests";
  /** Absolute, for interest; null where there is nothing. */
  readonly ours: number;
  readonly base: number | null;
  /** What counts. */
  readonly kind: "ratio" | "difference" | "amount";
  readonly value: Spread;
  readonly goal?: Goal;
}

type Line = Pick<Result, "figure" | "against"> & { readonly goal?: Goal };

export function throughput(comparison: Comparison, line: Line): Result {
  const of = (sample: Sample): number => sample.perSecond;
  return { ...line, unit: "1/s", ...absolute(comparison, of), kind: "ratio", value: ratios(comparison, of) };
}

const p50 = (sample: Sample): number => sample.p50Ms;

export function latency(comparison: Comparison, line: Line): Result {
  return { ...line, unit: "ms", ...absolute(comparison, p50), kind: "ratio", value: ratios(comparison, p50) };
}

export function addedLatency(comparison: Comparison, line: Line): Result {
  return { ...line, unit: "ms", ...absolute(comparison, p50), kind: "difference", value: differences(comparison, p50) };
}

/** Of several rounds, an amount that is judged by itself. */
export function amount(values: readonly number[], line: Line & Pick<Result, "unit" | "base">): Result {
  const value = spreadOf(values);
  return { ...line, ours: value.median, kind: "amount", value };
}

/** Whether the median meets the goal; undefined where there is none. */
export function isMet({ goal, value }: Result): boolean | undefined {
  if (goal === undefined) return undefined;
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = goal;
  return value.median >= least && value.median <= most;
}

function absolute({ ours, base }: Comparison, of: (sample: Sample) => number) {
  return { ours: spreadOf(ours.map(of)).median, base: spreadOf(base.map(of)).median };
}
