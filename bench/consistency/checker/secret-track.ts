import { digestOfPath } from "./digest.ts";
import type { Intervals } from "./intervals.ts";

/** One version of a secret through all positions. */
export interface VersionTrack {
  readonly number: number;
  /** Of the put; -1 = none is known. */
  readonly operation: number;
  /** Of the commit that created it. */
  readonly revision: number;
  /** Highest number of this life, this one included. */
  readonly latest: number;
  readonly created: number;
  deleted: number | null;
  readonly live: Intervals;
  readonly current: Intervals;
  /** Position from which on it is gone for good. */
  gone: number;
  /** Whether that was because the whole path went. */
  removed: boolean;
}

/** One path through all positions. */
export interface SecretTrack {
  readonly path: string;
  readonly digest: number;
  readonly exists: Intervals;
  /** Where there is no current version, the time before the first put included. */
  readonly none: Intervals;
  /** By ascending revision, of all lives. */
  readonly versions: VersionTrack[];
  /** Those kept now, by ascending number. */
  kept: VersionTrack[];
  current: VersionTrack | undefined;
  /** Highest number of this life; 0 = the path does not exist. */
  latest: number;
  /** Positions by the digest of what metadata shows there. */
  readonly states: Map<number, Intervals>;
  state: Intervals | undefined;
  /** Every version has stood at the place of its number, from 1 on. */
  dense: boolean;
  /** By number, made when first asked for. */
  byNumber: Map<number, VersionTrack[]> | undefined;
  /** A commit was taken from its answer alone, so times are not known. */
  timeless: boolean;
}

/** A path that does not exist yet. */
export function emptyTrack(path: string): SecretTrack {
  return {
    path,
    digest: digestOfPath(path),
    exists: [],
    none: [0, Infinity],
    versions: [],
    kept: [],
    current: undefined,
    latest: 0,
    states: new Map(),
    state: undefined,
    dense: true,
    byNumber: undefined,
    timeless: false,
  };
}

/** The version created last at a position, whatever became of it; undefined before the first. */
export function newestAt(track: SecretTrack, position: number): VersionTrack | undefined {
  return track.versions[countBefore(track.versions, position) - 1];
}

/** Revision of the first put after a position. */
export function nextPut(track: SecretTrack, position: number): number {
  return track.versions[countBefore(track.versions, position)]?.revision ?? Infinity;
}

/** All versions that ever had a number, by ascending revision: one in each life, at most. For after the replay. */
export function versionsOf(track: SecretTrack, number: number): readonly VersionTrack[] {
  if (track.dense) return track.versions.slice(number - 1, number);
  track.byNumber ??= Map.groupBy(track.versions, (version) => version.number);
  return track.byNumber.get(number) ?? [];
}

/** The version of a number at a position, not yet gone. */
export function versionAt(track: SecretTrack, number: number, position: number): VersionTrack | undefined {
  return versionsOf(track, number).findLast((version) => version.revision <= position && position < version.gone);
}

function countBefore(versions: readonly VersionTrack[], position: number): number {
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((versions[middle]?.revision ?? Infinity) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
