import { digestOf } from "./digest.ts";
import { close, isOpen, open } from "./intervals.ts";
import type { SecretTrack, VersionTrack } from "./secret-track.ts";

/** A new version as a put makes it. */
interface Added {
  readonly number: number;
  readonly operation: number;
  readonly revision: number;
  readonly at: number;
}

/** Adds a version; of the kept ones, those with the lowest numbers are pruned. */
export function put(track: SecretTrack, added: Added, keep: number): VersionTrack {
  const { number, operation, revision, at } = added;
  if (!isOpen(track.exists)) open(track.exists, revision);
  const before = track.kept.filter((version) => version.number < number);
  const after = track.kept.filter((version) => version.number > number);
  for (const version of track.kept) {
    // Only a faulty log gives a number again.
    if (version.number === number) drop(version, revision);
  }
  const version: VersionTrack = {
    number,
    operation,
    revision,
    latest: Math.max(track.latest, number),
    created: at,
    deleted: null,
    live: [revision, Infinity],
    current: [],
    gone: Infinity,
    removed: false,
  };
  track.versions.push(version);
  track.dense &&= track.versions.length === number;
  track.latest = version.latest;
  const all = [...before, version, ...after];
  for (const pruned of all.slice(0, -keep)) drop(pruned, revision);
  track.kept = all.slice(-keep);
  settle(track, revision);
  return version;
}

/** Soft-deletes what is listed and live. The path has to exist. */
export function softDelete(
  track: SecretTrack,
  numbers: readonly number[],
  { revision, at }: { readonly revision: number; readonly at: number },
): void {
  const wanted = numbersOf(numbers, track.current?.number ?? 0);
  for (const version of track.kept) {
    if (version.deleted !== null || !wanted.has(version.number)) continue;
    version.deleted = at;
    close(version.live, revision);
  }
  settle(track, revision);
}

/** Restores what is listed and soft-deleted. @returns whether that was anything. */
export function restore(track: SecretTrack, numbers: readonly number[], revision: number): boolean {
  const wanted = numbersOf(numbers, track.kept.at(-1)?.number ?? 0);
  const restored = track.kept.filter((version) => version.deleted !== null && wanted.has(version.number));
  for (const version of restored) {
    version.deleted = null;
    open(version.live, revision);
  }
  if (restored.length > 0) settle(track, revision);
  return restored.length > 0;
}

/** Takes the path away with all its versions. */
export function remove(track: SecretTrack, revision: number): void {
  if (!isOpen(track.exists)) return;
  for (const version of track.kept) {
    version.removed = true;
    drop(version, revision);
  }
  close(track.exists, revision);
  track.kept = [];
  track.latest = 0;
  track.dense = false;
  settle(track, revision);
}

function numbersOf(listed: readonly number[], standsForZero: number): ReadonlySet<number> {
  const numbers = listed.length === 0 ? [0] : listed;
  return new Set(numbers.map((number) => (number === 0 ? standsForZero : number)));
}

function drop(version: VersionTrack, revision: number): void {
  if (isOpen(version.live)) close(version.live, revision);
  version.gone = revision;
}

/** Notes which version is current from here on, and what metadata shows. */
function settle(track: SecretTrack, revision: number): void {
  const current = track.kept.findLast(isLive);
  if (current !== track.current) {
    close(track.current?.current ?? track.none, revision);
    open(current?.current ?? track.none, revision);
    track.current = current;
  }
  if (track.state !== undefined) close(track.state, revision);
  track.state = track.kept.length > 0 ? stateOf(track) : undefined;
  if (track.state !== undefined) open(track.state, revision);
}

function stateOf({ kept, current, states }: SecretTrack) {
  const digest = digestOf(current?.number ?? 0, kept.find(isLive)?.number ?? 0, kept);
  const known = states.get(digest);
  if (known !== undefined) return known;
  states.set(digest, []);
  return states.get(digest);
}

function isLive({ deleted }: VersionTrack): boolean {
  return deleted === null;
}
