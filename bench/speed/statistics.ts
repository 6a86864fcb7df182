/** The value below which so much of a list lies, interpolated; `at` from 0 to 1. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = Float64Array.from(values).toSorted();
  const place = (sorted.length - 1) * at;
  const [below = Number.NaN, above = below] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
}

/** What several rounds gave, in one line. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), least: quantile(values, 0), most: quantile(values, 1) };
}
