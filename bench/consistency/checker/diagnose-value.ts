import { type CheckContext, describeBounds, type Observation, type Violation } from "./check-context.ts";
import { diagnoseStale } from "./diagnose-stale.ts";
import { contains, lastInside } from "./intervals.ts";
import type { VersionTimeline } from "./secret-timeline.ts";

/** Names the anomaly of a value that was committed, but is not the right one within the bounds. */
export function diagnoseValue(
  context: CheckContext,
  observation: Observation,
  { path, number, value }: { readonly path: string; readonly number: number; readonly value: string },
): Violation {
  const { lower, upper } = observation;
  const bounds = describeBounds(observation);
  const writer = context.writers.get(value) ?? -1;
  const versions = context.store.versionsByPut[writer] ?? [];
  const version = versions.find((candidate) => candidate.number === number) ?? versions[0];
  if (version === undefined) {
    return { kind: "unwritten_value", path, detail: `No put has sent the value that was read from "${path}".` };
  }
  const subject = { others: [writer], path };
  const name = `version ${version.number} of "${path}"`;
  if (version.revision > upper) {
    const detail = `A get returned ${name}, which was invoked later and committed at revision ${version.revision}.`;
    return { kind: "future_read", ...subject, detail };
  }
  const reason = whyNotReadable(version, number, Math.max(lower, version.revision));
  if (reason !== undefined) {
    const detail = `A get returned ${name}, which was ${reason === "pruned_read" ? "pruned" : "deleted"} ${bounds}.`;
    return { kind: reason, ...subject, detail };
  }
  const shown = lastInside(version.current, lower);
  if (shown >= 0) return diagnoseStale(context, observation, shown);
  const detail = `A get of the current version returned ${name}, which was not the current one ${bounds}.`;
  return { kind: "mixed_versions", ...subject, detail };
}

/** @param requested the number in the request; 0 for the current version */
function whyNotReadable(
  { live, goneAt, removed }: VersionTimeline,
  requested: number,
  revision: number,
): "deleted_read" | "pruned_read" | undefined {
  if (contains(live, revision)) return undefined;
  if (revision < goneAt || removed) return "deleted_read";
  return requested === 0 ? undefined : "pruned_read";
}
