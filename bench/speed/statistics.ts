/** The interpolated quantile of a list; `fraction` is from 0 to 1. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = Float64Array.from(values).toSorted();
  const index = (sorted.length - 1) * fraction;
  const [below = Number.NaN, above = below] = [sorted[Math.floor(index)], sorted[Math.ceil(index)]];
  return below + (above - below) * (index - Math.floor(index));
}

/** Summary of the values of several rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), min: quantile(values, 0), max: quantile(values, 1) };
}
