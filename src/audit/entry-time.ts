import type { AuditRow } from "../store/rows.ts";

/** What the age of an entry is judged by. All of it is signed, except `revision`. */
export type DatedEntry = Pick<AuditRow, "revision" | "base" | "at" | "workerAt">;

/** The later of the two times of an entry. Not before the true time, unless both clocks were behind. */
export function laterTime({ at, workerAt }: DatedEntry): number {
  return Math.max(at, workerAt);
}

/**
 * For each entry, the entry that dates it: the one with the earliest {@link laterTime} among the entry itself and the entries
 * that were decided on after it was committed. So a clock that was ahead for some commits does not keep their entries for years.
 *
 * A later entry was decided on after the commit of another if its `base` is that revision or a higher one. The order of
 * revisions is not enough: an entry that the database kept back for months and then applied would make all before it look old.
 *
 * @param entries in ascending order of revision
 * @param trusted entries whose times may be used: the others date nothing, not even themselves
 * @returns undefined for an entry that no trusted entry dates
 */
export function datedBy<E extends DatedEntry>(
  entries: readonly E[],
  trusted: readonly E[],
): readonly (E | undefined)[] {
  const isTrusted = new Set(trusted);
  const byBase = trusted.toSorted((a, b) => b.base - a.base);
  let used = 0;
  let earliest: E | undefined;
  const dates = entries.toReversed().map((entry) => {
    for (let later = byBase[used]; later !== undefined && later.base >= entry.revision; later = byBase[used]) {
      earliest = earlierOf(earliest, later);
      used += 1;
    }
    return isTrusted.has(entry) ? earlierOf(earliest, entry) : earliest;
  });
  return dates.toReversed();
}

function earlierOf<E extends DatedEntry>(a: E | undefined, b: E): E {
  return a !== undefined && laterTime(a) <= laterTime(b) ? a : b;
}
