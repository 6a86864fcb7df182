import { pathDigest } from "./digest.ts";
import { contains, type Intervals } from "./intervals.ts";
import { partitionPoint } from "./partition-point.ts";

/** One version of a secret at all revisions. */
export interface VersionTimeline {
  readonly number: number;
  /** ID of the put, or -1 if it is unknown. */
  readonly operationId: number;
  /** Revision of the put. */
  readonly revision: number;
  /** Highest version number of the path's lifetime up to this revision. */
  readonly latest: number;
  readonly createdAt: number;
  deletedAt: number | null;
  /** Revisions at which the version is neither deleted nor gone. */
  readonly live: Intervals;
  readonly current: Intervals;
  /** Revision at which the version was pruned, or removed with its path. */
  goneAt: number;
  /** True if the version is gone because its path was removed. */
  removed: boolean;
}

/** One path at all revisions. */
export interface SecretTimeline {
  readonly path: string;
  /** Time of the last change. */
  writtenAt: number;
  /** Number of versions that the path keeps in this lifetime. */
  maxVersions: number;
  readonly digest: number;
  readonly exists: Intervals;
  /** Revisions without a current version, including those before the first put. */
  readonly noCurrent: Intervals;
  /** By ascending revision, of all lifetimes. */
  readonly versions: VersionTimeline[];
  /** Versions at the latest revision, by ascending number. */
  kept: VersionTimeline[];
  current: VersionTimeline | undefined;
  /** Highest version number of this lifetime; 0 if the path does not exist. */
  latest: number;
  /** Revisions by the digest of what metadata shows at them. */
  readonly states: Map<number, Intervals>;
  state: Intervals | undefined;
  /** True as long as version N is at index N - 1 of `versions`. */
  dense: boolean;
  /** Index of `versions`, created on first use. */
  byNumber: Map<number, VersionTimeline[]> | undefined;
  /** True if a commit is only known from its response, which has no time. */
  timesUnknown: boolean;
}

/** A path that was never written. */
export function emptySecret(path: string): SecretTimeline {
  return {
    path,
    writtenAt: 0,
    maxVersions: 0,
    digest: pathDigest(path),
    exists: [],
    noCurrent: [0, Infinity],
    versions: [],
    kept: [],
    current: undefined,
    latest: 0,
    states: new Map(),
    state: undefined,
    dense: true,
    byNumber: undefined,
    timesUnknown: false,
  };
}

/** The version put last at or before a revision, even if it is gone. */
export function newestAt({ versions }: SecretTimeline, revision: number): VersionTimeline | undefined {
  return versions[indexOfNextPut(versions, revision) - 1];
}

/** Revision of the first put after a revision, or Infinity. */
export function nextPut({ versions }: SecretTimeline, revision: number): number {
  return versions[indexOfNextPut(versions, revision)]?.revision ?? Infinity;
}

/** Highest version number at a revision; 0 if the path does not exist. */
export function latestAt(secret: SecretTimeline, revision: number): number {
  return contains(secret.exists, revision) ? (newestAt(secret, revision)?.latest ?? 0) : 0;
}

/** All versions with a number, by ascending revision: normally one per lifetime. Only valid after the replay. */
export function versionsOf(secret: SecretTimeline, number: number): readonly VersionTimeline[] {
  if (secret.dense) return secret.versions.slice(number - 1, number);
  secret.byNumber ??= Map.groupBy(secret.versions, (version) => version.number);
  return secret.byNumber.get(number) ?? [];
}

/** The version with a number that exists at a revision, deleted or not. */
export function versionAt(secret: SecretTimeline, number: number, revision: number): VersionTimeline | undefined {
  return versionsOf(secret, number).findLast((version) => version.revision <= revision && revision < version.goneAt);
}

function indexOfNextPut(versions: readonly VersionTimeline[], revision: number): number {
  return partitionPoint(versions.length, (index) => (versions[index]?.revision ?? Infinity) > revision);
}
