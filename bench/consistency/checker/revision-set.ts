import { type Intervals, nextInside, nextOutside } from "./intervals.ts";

/** A set of revisions, such as those at which a given response is correct. */
export interface RevisionSet {
  /** The smallest member that is at least `from`, or Infinity. */
  next(from: number): number;
}

export const ALL_REVISIONS: RevisionSet = { next: (from) => from };

export const NO_REVISIONS: RevisionSet = { next: () => Infinity };

export function inside(intervals: Intervals): RevisionSet {
  return { next: (from) => nextInside(intervals, from) };
}

export function outside(intervals: Intervals): RevisionSet {
  return { next: (from) => nextOutside(intervals, from) };
}

export function intersection(one: RevisionSet, other: RevisionSet): RevisionSet {
  if (one === ALL_REVISIONS) return other;
  if (other === ALL_REVISIONS) return one;
  return {
    next(from) {
      let revision = from;
      while (revision < Infinity) {
        const candidate = one.next(revision);
        revision = other.next(candidate);
        if (revision === candidate) return revision;
      }
      return Infinity;
    },
  };
}

export function union(sets: readonly RevisionSet[]): RevisionSet {
  const [only] = sets;
  if (sets.length === 1 && only !== undefined) return only;
  return { next: (from) => Math.min(...sets.map((set) => set.next(from))) };
}
