import { type CheckContext, describeBounds, type Observation, secretFor, type Violation } from "./check-context.ts";
import { diagnoseStale } from "./diagnose-stale.ts";
import { contains, lastInside, lastOutside } from "./intervals.ts";
import { newestAt, nextPut, type SecretTimeline, versionAt, type VersionTimeline } from "./secret-timeline.ts";

/** Names the anomaly of a 404 for a version or path that exists. */
export function diagnoseNotFound(
  context: CheckContext,
  observation: Observation,
  { path, number }: { readonly path: string; readonly number: number },
): Violation {
  const { lower, operation } = observation;
  const secret = secretFor(context, path);
  const version = number > 0 ? versionAt(secret, number, lower) : currentAt(secret, lower);
  if (version === undefined) {
    const detail = `The path "${path}" was not found, although it existed ${describeBounds(observation)}.`;
    return { kind: "lost_write", path, detail };
  }
  if (operation.request.kind === "get") {
    const shown = number > 0 ? lastOutside(version.live, lower) : lastInside(secret.noCurrent, lower);
    // The version was deleted at that revision, so the 404 is an older state, and not a lost write.
    if (shown >= version.revision) return diagnoseStale(context, observation, shown);
  }
  return diagnoseMissingVersion(context, observation, { secret, version });
}

/** Names the anomaly of a response that lacks a version that exists. */
export function diagnoseMissingVersion(
  context: CheckContext,
  observation: Observation,
  { secret, version }: { readonly secret: SecretTimeline; readonly version: VersionTimeline },
): Violation {
  const { lower, exchange } = observation;
  const { number, revision, operationId } = version;
  const subject = { others: operationId < 0 ? [] : [operationId], path: secret.path };
  const name = `Version ${number} of "${secret.path}"`;
  const bounds = describeBounds(observation);
  if (!wasAcknowledged(context, version, exchange.invokedAt) && nextPut(secret, revision) <= lower) {
    const detail = `${name}, of unknown outcome, was missing behind newer versions, but was committed at revision ${revision}.`;
    return { kind: "late_write", ...subject, detail };
  }
  if (isNextToBePruned(observation, { secret, version })) {
    const detail = `${name}, the current and the lowest one, was missing ${bounds}.`;
    return { kind: "current_pruned", ...subject, detail };
  }
  return {
    kind: "lost_write",
    ...subject,
    detail: `${name}, committed at revision ${revision}, was missing ${bounds}.`,
  };
}

function currentAt({ versions }: SecretTimeline, revision: number): VersionTimeline | undefined {
  return versions.findLast((version) => version.revision <= revision && contains(version.current, revision));
}

function wasAcknowledged({ history }: CheckContext, { operationId }: VersionTimeline, before: number): boolean {
  const exchanges = history.operations[operationId]?.exchanges ?? [];
  return exchanges.some(({ status, completedAt }) => status === 200 && completedAt < before);
}

/** True if the version is the current one and the next put would prune it. */
function isNextToBePruned(
  { lower }: Observation,
  { secret, version }: { readonly secret: SecretTimeline; readonly version: VersionTimeline },
): boolean {
  if (!contains(version.current, lower)) return false;
  const newest = newestAt(secret, lower)?.latest ?? version.number;
  return newest > version.number && newest - version.number >= secret.maxVersions - 1;
}
