import type { Answer } from "../history/history.ts";
import { digestOf } from "./digest.ts";
import { outdated } from "./evidence.ts";
import { missingVersion } from "./explain-missing.ts";
import { lastInside, nextInside } from "./intervals.ts";
import { type Problem, type Scene, type Seen, trackOf, windowOf } from "./scene.ts";
import { newestAt, type SecretTrack, versionAt, versionsOf, type VersionTrack } from "./secret-track.ts";

type Metadata = Extract<Answer, { readonly kind: "metadata" }>;

/** Names what is wrong with metadata. */
export function explainMetadata(
  scene: Scene,
  seen: Seen,
  { path, answer }: { readonly path: string; readonly answer: Metadata },
): Problem {
  const { current, oldest, versions } = answer;
  const { lower } = seen;
  const track = trackOf(scene, path);
  const state = track.states.get(digestOf(current, oldest, versions)) ?? [];
  const shown = lastInside(state, lower);
  if (shown >= 0) return outdated(scene, seen, shown);
  const later = nextInside(state, lower);
  if (later < Infinity) {
    const detail = `Metadata of "${path}" showed revision ${later}, which was asked for after it.`;
    return { kind: "future_read", others: othersOf(newestAt(track, later)), path, detail };
  }
  if (current > 0 && versions.every(({ number }) => number !== current)) {
    const detail = `Metadata of "${path}" named ${current} as current, which was not among its versions.`;
    return { kind: "current_pruned", path, detail };
  }
  return explainVersions(scene, seen, { track, answer });
}

/** Looks for a version that should be there, or should not. */
function explainVersions(
  scene: Scene,
  seen: Seen,
  { track, answer }: { readonly track: SecretTrack; readonly answer: Metadata },
): Problem {
  const { path } = track;
  const { versions } = answer;
  const { lower, upper } = seen;
  const numbers = new Set(versions.map(({ number }) => number));
  for (const number of numbers) {
    const found = versionsOf(track, number);
    if (found.length === 0) {
      const detail = `Metadata of "${path}" had version ${number}, and the audit log does not know of it.`;
      return { kind: "audit_missing", path, detail };
    }
    if (found.every(({ revision }) => revision > upper)) {
      const detail = `Metadata of "${path}" had version ${number}, which was asked for after it.`;
      return { kind: "future_read", others: othersOf(found[0]), path, detail };
    }
  }
  const missing = keptAt(track, lower).find((version) => version.gone > upper && !numbers.has(version.number));
  if (missing !== undefined) return missingVersion(scene, seen, { track, version: missing });
  for (const number of numbers) {
    const gone = versionsOf(track, number).at(-1);
    if (gone !== undefined && gone.gone <= lower && !gone.removed) {
      const detail = `Metadata of "${path}" had version ${number}, which was pruned at revision ${gone.gone}.`;
      return { kind: "pruned_read", others: othersOf(gone), path, detail };
    }
  }
  const detail = `Metadata of "${path}" fits no single moment ${windowOf(seen)}.`;
  return { kind: "mixed_versions", path, detail };
}

/** Versions that are not gone at a position, by descending number. */
function keptAt(track: SecretTrack, position: number): readonly VersionTrack[] {
  const kept: VersionTrack[] = [];
  const newest = newestAt(track, position);
  for (let number = newest?.latest ?? 0; number > 0; number -= 1) {
    const version = versionAt(track, number, position);
    if (version === undefined) break;
    kept.push(version);
  }
  return kept;
}

function othersOf(version: VersionTrack | undefined): readonly number[] {
  return version === undefined || version.operation < 0 ? [] : [version.operation];
}
