import { outdated } from "./evidence.ts";
import { isInside, lastInside, lastOutside } from "./intervals.ts";
import { type Problem, type Scene, type Seen, trackOf, windowOf } from "./scene.ts";
import { nextPut, type SecretTrack, versionAt, type VersionTrack } from "./secret-track.ts";

/** Names what is wrong with a 404 for what was there. */
export function explainMissing(
  scene: Scene,
  seen: Seen,
  { path, number }: { readonly path: string; readonly number: number },
): Problem {
  const { lower } = seen;
  const track = trackOf(scene, path);
  const version = number > 0 ? versionAt(track, number, lower) : currentAt(track, lower);
  if (version === undefined) {
    return { kind: "vanished", path, detail: `"${path}" was not found, and was there ${windowOf(seen)}.` };
  }
  if (seen.operation.request.kind === "get") {
    const shown = number > 0 ? lastOutside(version.live, lower) : lastInside(track.none, lower);
    // It was deleted then: what the answer shows is older, and not without the version.
    if (shown >= version.revision) return outdated(scene, seen, shown);
  }
  return missingVersion(scene, seen, { track, version });
}

/** Names what is wrong with an answer that lacks a version that was there. */
export function missingVersion(
  scene: Scene,
  seen: Seen,
  { track, version }: { readonly track: SecretTrack; readonly version: VersionTrack },
): Problem {
  const { path } = track;
  const { number, revision, operation } = version;
  const others = operation < 0 ? [] : [operation];
  if (!wasTold(scene, version, seen.attempt.call) && nextPut(track, revision) <= seen.lower) {
    const detail = `Version ${number} of "${path}", of unknown outcome, was absent behind newer ones, and is in the log at revision ${revision}.`;
    return { kind: "late_write", others, path, detail };
  }
  if (isAtTheEdge(scene, seen, { track, version })) {
    const detail = `Version ${number} of "${path}" was the current one and the lowest kept, and was gone ${windowOf(seen)}.`;
    return { kind: "current_pruned", others, path, detail };
  }
  const detail = `Version ${number} of "${path}", of revision ${revision}, was not there ${windowOf(seen)}.`;
  return { kind: "vanished", others, path, detail };
}

/** The current version at a position. */
function currentAt(track: SecretTrack, position: number): VersionTrack | undefined {
  return track.versions.findLast((version) => version.revision <= position && isInside(version.current, position));
}

function wasTold({ history }: Scene, { operation }: VersionTrack, time: number): boolean {
  const attempts = history.operations[operation]?.attempts ?? [];
  return attempts.some(({ status, end }) => status === 200 && end < time);
}

/** Whether it is the current version, and would be the next one to be pruned. */
function isAtTheEdge(
  { history }: Scene,
  { lower }: Seen,
  { track, version }: { readonly track: SecretTrack; readonly version: VersionTrack },
): boolean {
  if (!isInside(version.current, lower)) return false;
  const newest = track.versions.findLast(({ revision }) => revision <= lower)?.latest ?? version.number;
  return newest > version.number && newest - version.number >= history.kept - 1;
}
