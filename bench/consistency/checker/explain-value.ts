import { lastInside } from "./intervals.ts";
import { outdated } from "./evidence.ts";
import { type Problem, type Scene, type Seen, windowOf } from "./scene.ts";
import type { VersionTrack } from "./secret-track.ts";

/** Names what is wrong with a value that was there at some time, but not at that of the answer. */
export function explainValue(
  scene: Scene,
  seen: Seen,
  { path, number, value }: { readonly path: string; readonly number: number; readonly value: string },
): Problem {
  const writer = scene.writers.get(value) ?? -1;
  const versions = scene.world.made[writer] ?? [];
  const version = versions.find((candidate) => candidate.number === number) ?? versions[0];
  if (version === undefined) return { kind: "foreign_value", path, detail: `Nothing has written what "${path}" gave.` };
  const others = [writer];
  if (version.revision > seen.upper) {
    const detail = `Version ${version.number} of "${path}", of revision ${version.revision}, was read before it was asked for.`;
    return { kind: "future_read", others, path, detail };
  }
  const gap = goneHow(version, Math.max(seen.lower, version.revision), number);
  if (gap !== undefined) {
    const detail = `Version ${version.number} of "${path}" was read, and was ${gap === "pruned_read" ? "pruned" : "deleted"} ${windowOf(seen)}.`;
    return { kind: gap, others, path, detail };
  }
  const shown = lastInside(version.current, seen.lower);
  if (shown >= 0) return outdated(scene, seen, shown);
  const detail = `Version ${version.number} of "${path}" was given as the current one, and was not ${windowOf(seen)}.`;
  return { kind: "mixed_versions", others, path, detail };
}

function goneHow(version: VersionTrack, position: number, asked: number): "deleted_read" | "pruned_read" | undefined {
  const { live, gone, removed } = version;
  if (lastInside(live, position) === position) return undefined;
  if (position < gone || removed) return "deleted_read";
  return asked === 0 ? undefined : "pruned_read";
}
