import { type Intervals, nextInside, nextOutside } from "./intervals.ts";

/** The positions that explain an answer. */
export interface Fit {
  /** The smallest one that is at least `from`; Infinity where there is none. */
  next(from: number): number;
}

/** Explained by every position. */
export const ANYWHERE: Fit = { next: (from) => from };

/** Explained by none. */
export const NOWHERE: Fit = { next: () => Infinity };

/** Explained by the positions inside. */
export function inside(intervals: Intervals): Fit {
  return { next: (from) => nextInside(intervals, from) };
}

/** Explained by the positions outside. */
export function outside(intervals: Intervals): Fit {
  return { next: (from) => nextOutside(intervals, from) };
}

/** Explained by what explains both. */
export function both(one: Fit, other: Fit): Fit {
  if (one === ANYWHERE) return other;
  if (other === ANYWHERE) return one;
  return {
    next(from) {
      let position = from;
      while (position < Infinity) {
        const first = one.next(position);
        position = other.next(first);
        if (position === first) return position;
      }
      return Infinity;
    },
  };
}

/** Explained by what explains any of them. */
export function either(fits: readonly Fit[]): Fit {
  const [only] = fits;
  if (fits.length === 1 && only !== undefined) return only;
  return { next: (from) => Math.min(...fits.map((fit) => fit.next(from))) };
}
