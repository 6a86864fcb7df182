import type { VersionState } from "../store/rows.ts";

/** All stored versions of one secret, by ascending number. */
export type Versions = readonly VersionState[];

/** What the head of a secret says of its versions. */
export interface Summary {
  readonly current: number;
  readonly currentWriteId: string | null;
  readonly currentUntil: number | null;
  readonly oldest: number;
}

/** Whether a version can be read at `now`: a soft deletion that lies ahead does not count yet. */
export function isLive(version: VersionState, now: number): boolean {
  return version.destroyedAt === null && (version.deletedAt === null || version.deletedAt > now);
}

/** Highest and lowest live version at `now`, 0 where there is none. */
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

/** Adds `added` and drops the lowest numbers until at most `keep` versions are left. */
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
 * Soft-deletes the listed numbers; none listed, or 0 in the list, means the current one. Versions that are deleted
 * already keep the time of their first deletion; unknown numbers are passed over.
 */
export function deleteVersions(
  versions: Versions,
  listed: readonly number[],
  now: number,
): { readonly versions: Versions; readonly changed: readonly number[] } {
  const wanted = numbersOf(listed, summarize(versions, now).current);
  const changed = numbersWhere(versions, (version) => wanted.has(version.number) && isLive(version, now));
  return { versions: stamp(versions, changed, now), changed };
}

/** Restores the listed soft-deleted numbers; none listed, or 0 in the list, means the newest one. */
export function restoreVersions(
  versions: Versions,
  listed: readonly number[],
  now: number,
): { readonly versions: Versions; readonly changed: readonly number[] } {
  const wanted = numbersOf(listed, versions.at(-1)?.number ?? 0);
  const changed = numbersWhere(
    versions,
    (version) => wanted.has(version.number) && version.destroyedAt === null && !isLive(version, now),
  );
  return { versions: stamp(versions, changed, null), changed };
}

function numbersOf(listed: readonly number[], standsForZero: number): ReadonlySet<number> {
  const numbers = listed.length === 0 ? [0] : listed;
  return new Set(numbers.map((number) => (number === 0 ? standsForZero : number)));
}

function numbersWhere(versions: Versions, test: (version: VersionState) => boolean): readonly number[] {
  return versions.filter(test).map((version) => version.number);
}

function stamp(versions: Versions, numbers: readonly number[], deletedAt: number | null): Versions {
  const chosen = new Set(numbers);
  return versions.map((version) => (chosen.has(version.number) ? { ...version, deletedAt } : version));
}
