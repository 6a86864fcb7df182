import type { VersionState } from "../store/rows.ts";

/** All stored versions of one secret, in ascending order. */
export type Versions = readonly VersionState[];

/** The columns of a secret's head that summarise its versions. */
export interface Summary {
  readonly current: number;
  readonly currentWriteId: string | null;
  readonly currentUntil: number | null;
  readonly oldest: number;
}

/** Whether a version can be read at `now`. A soft deletion in the future does not count yet. */
export function isLive(version: VersionState, now: number): boolean {
  return version.destroyedAt === null && (version.deletedAt === null || version.deletedAt > now);
}

/** The highest and lowest live versions at `now`; 0 if no version is live. */
export function summarize(versions: Versions, now: number): Summary {
  const highest = versions.findLast((version) => isLive(version, now));
  const lowest = versions.find((version) => isLive(version, now));
  return {
    current: highest?.number ?? 0,
    currentWriteId: highest?.writeId ?? null,
    currentUntil: highest?.deletedAt ?? null,
    oldest: lowest?.number ?? 0,
  };
}

/** Adds a version, then drops the lowest numbers until at most `keep` versions remain. */
export function addVersion(
  versions: Versions,
  added: VersionState,
  keep: number,
): { readonly versions: Versions; readonly pruneBelow: number | undefined } {
  const kept = [...versions, added].slice(-keep);
  const lowest = kept[0]?.number ?? added.number;
  return { versions: kept, pruneBelow: kept.length <= versions.length ? lowest : undefined };
}

/**
 * Soft-deletes the listed versions. An empty list, or a 0 in it, means the current version. A deleted version keeps the time
 * of its first deletion; unknown numbers are ignored.
 */
export function deleteVersions(
  versions: Versions,
  listed: readonly number[],
  now: number,
): { readonly versions: Versions; readonly changed: readonly number[] } {
  const wanted = resolveNumbers(listed, summarize(versions, now).current);
  const changed = numbersWhere(versions, (version) => wanted.has(version.number) && isLive(version, now));
  return { versions: setDeletedAt(versions, changed, now), changed };
}

/**
 * The listed numbers that no stored version has, in the order listed. 0 always exists: the current or the newest
 * version.
 */
export function missingNumbers(versions: Versions, listed: readonly number[]): readonly number[] {
  const known = new Set(versions.map((version) => version.number));
  return [...new Set(listed)].filter((number) => number !== 0 && !known.has(number));
}

/** Restores the listed soft-deleted versions. An empty list, or a 0 in it, means the newest version. */
export function restoreVersions(
  versions: Versions,
  listed: readonly number[],
  now: number,
): { readonly versions: Versions; readonly changed: readonly number[] } {
  const wanted = resolveNumbers(listed, versions.at(-1)?.number ?? 0);
  const changed = numbersWhere(
    versions,
    (version) => wanted.has(version.number) && version.destroyedAt === null && !isLive(version, now),
  );
  return { versions: setDeletedAt(versions, changed, null), changed };
}

function resolveNumbers(listed: readonly number[], defaultNumber: number): ReadonlySet<number> {
  const numbers = listed.length === 0 ? [0] : listed;
  return new Set(numbers.map((number) => (number === 0 ? defaultNumber : number)));
}

function numbersWhere(versions: Versions, test: (version: VersionState) => boolean): readonly number[] {
  return versions.filter(test).map((version) => version.number);
}

function setDeletedAt(versions: Versions, numbers: readonly number[], deletedAt: number | null): Versions {
  const chosen = new Set(numbers);
  return versions.map((version) => (chosen.has(version.number) ? { ...version, deletedAt } : version));
}
