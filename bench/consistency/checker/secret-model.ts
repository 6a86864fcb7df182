import { metadataDigest } from "./digest.ts";
import { endInterval, type Intervals, isOpen, startInterval } from "./intervals.ts";
import type { SecretTimeline, VersionTimeline } from "./secret-timeline.ts";

interface NewVersion {
  readonly number: number;
  readonly operationId: number;
  readonly revision: number;
  readonly at: number;
}

/** Adds a version and prunes the lowest numbers beyond `secret.maxVersions`. */
export function put(secret: SecretTimeline, added: NewVersion): VersionTimeline {
  const { maxVersions } = secret;
  const { number, operationId, revision, at } = added;
  if (!isOpen(secret.exists)) startInterval(secret.exists, revision);
  const before = secret.kept.filter((version) => version.number < number);
  const after = secret.kept.filter((version) => version.number > number);
  for (const version of secret.kept) {
    // Only happens if the audit log is faulty and assigns a number twice.
    if (version.number === number) drop(version, revision);
  }
  const version: VersionTimeline = {
    number,
    operationId,
    revision,
    latest: Math.max(secret.latest, number),
    createdAt: at,
    deletedAt: null,
    live: [revision, Infinity],
    current: [],
    goneAt: Infinity,
    removed: false,
  };
  secret.versions.push(version);
  secret.dense &&= secret.versions.length === number;
  secret.latest = version.latest;
  const all = [...before, version, ...after];
  for (const pruned of all.slice(0, -maxVersions)) drop(pruned, revision);
  secret.kept = all.slice(-maxVersions);
  updateState(secret, revision);
  return version;
}

/** Soft-deletes the listed versions that are live. The path has to exist. */
export function softDelete(
  secret: SecretTimeline,
  numbers: readonly number[],
  { revision, at }: { readonly revision: number; readonly at: number },
): void {
  const wanted = resolveNumbers(numbers, secret.current?.number ?? 0);
  for (const version of secret.kept) {
    if (version.deletedAt !== null || !wanted.has(version.number)) continue;
    version.deletedAt = at;
    endInterval(version.live, revision);
  }
  updateState(secret, revision);
}

/** Restores the listed versions that are soft-deleted. @returns false if there are none */
export function undelete(secret: SecretTimeline, numbers: readonly number[], revision: number): boolean {
  const wanted = resolveNumbers(numbers, secret.kept.at(-1)?.number ?? 0);
  const restored = secret.kept.filter((version) => version.deletedAt !== null && wanted.has(version.number));
  for (const version of restored) {
    version.deletedAt = null;
    startInterval(version.live, revision);
  }
  if (restored.length > 0) updateState(secret, revision);
  return restored.length > 0;
}

/** Removes the path with all its versions. */
export function remove(secret: SecretTimeline, revision: number): void {
  if (!isOpen(secret.exists)) return;
  for (const version of secret.kept) {
    version.removed = true;
    drop(version, revision);
  }
  endInterval(secret.exists, revision);
  secret.kept = [];
  secret.latest = 0;
  secret.dense = false;
  updateState(secret, revision);
}

function resolveNumbers(listed: readonly number[], zeroMeans: number): ReadonlySet<number> {
  const numbers = listed.length === 0 ? [0] : listed;
  return new Set(numbers.map((number) => (number === 0 ? zeroMeans : number)));
}

function drop(version: VersionTimeline, revision: number): void {
  if (isOpen(version.live)) endInterval(version.live, revision);
  version.goneAt = revision;
}

/** Records the current version and the state of the metadata from this revision on. */
function updateState(secret: SecretTimeline, revision: number): void {
  const current = secret.kept.findLast(isLive);
  if (current !== secret.current) {
    endInterval(secret.current?.current ?? secret.noCurrent, revision);
    startInterval(current?.current ?? secret.noCurrent, revision);
    secret.current = current;
  }
  if (secret.state !== undefined) endInterval(secret.state, revision);
  secret.state = secret.kept.length > 0 ? stateOf(secret) : undefined;
  if (secret.state !== undefined) startInterval(secret.state, revision);
}

function stateOf({ kept, current, states }: SecretTimeline): Intervals {
  const digest = metadataDigest(current?.number ?? 0, kept.find(isLive)?.number ?? 0, kept);
  const state = states.get(digest) ?? [];
  states.set(digest, state);
  return state;
}

function isLive({ deletedAt }: VersionTimeline): boolean {
  return deletedAt === null;
}
