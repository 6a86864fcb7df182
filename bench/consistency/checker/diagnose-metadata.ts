import type { Result } from "../history/history.ts";
import { type CheckContext, describeBounds, type Observation, secretFor, type Violation } from "./check-context.ts";
import { diagnoseMissingVersion } from "./diagnose-not-found.ts";
import { diagnoseStale } from "./diagnose-stale.ts";
import { metadataDigest } from "./digest.ts";
import { lastInside, nextInside } from "./intervals.ts";
import { newestAt, type SecretTimeline, versionAt, versionsOf, type VersionTimeline } from "./secret-timeline.ts";

type Metadata = Extract<Result, { readonly kind: "metadata" }>;

/** Names the anomaly of a metadata response. */
export function diagnoseMetadata(
  context: CheckContext,
  observation: Observation,
  { path, metadata }: { readonly path: string; readonly metadata: Metadata },
): Violation {
  const { current, oldest, versions } = metadata;
  const { lower } = observation;
  const secret = secretFor(context, path);
  const state = secret.states.get(metadataDigest(current, oldest, versions)) ?? [];
  const shown = lastInside(state, lower);
  if (shown >= 0) return diagnoseStale(context, observation, shown);
  const later = nextInside(state, lower);
  if (later < Infinity) {
    const detail = `The metadata of "${path}" showed revision ${later}, whose request was invoked later.`;
    return { kind: "future_read", others: writerOf(newestAt(secret, later)), path, detail };
  }
  if (current > 0 && versions.every(({ number }) => number !== current)) {
    const detail = `The metadata of "${path}" had ${current} as the current version, but did not contain it.`;
    return { kind: "current_pruned", path, detail };
  }
  const numbers = new Set(versions.map(({ number }) => number));
  return (
    findUncommitted(secret, numbers, observation) ??
    findMissing(context, observation, { secret, numbers }) ??
    findPruned(secret, numbers, observation) ?? {
      kind: "mixed_versions",
      path,
      detail: `The metadata of "${path}" matches no single revision ${describeBounds(observation)}.`,
    }
  );
}

/** A version that was never committed, or only later. */
function findUncommitted(
  secret: SecretTimeline,
  numbers: ReadonlySet<number>,
  { upper }: Observation,
): Violation | undefined {
  const { path } = secret;
  for (const number of numbers) {
    const versions = versionsOf(secret, number);
    if (versions.length === 0) {
      const detail = `The metadata of "${path}" had version ${number}, which is not in the audit log.`;
      return { kind: "audit_missing", path, detail };
    }
    if (versions.every(({ revision }) => revision > upper)) {
      const detail = `The metadata of "${path}" had version ${number}, whose put was invoked later.`;
      return { kind: "future_read", others: writerOf(versions[0]), path, detail };
    }
  }
  return undefined;
}

/** A version that existed throughout the bounds, and is not in the metadata. */
function findMissing(
  context: CheckContext,
  observation: Observation,
  { secret, numbers }: { readonly secret: SecretTimeline; readonly numbers: ReadonlySet<number> },
): Violation | undefined {
  const { lower, upper } = observation;
  for (let number = newestAt(secret, lower)?.latest ?? 0; number > 0; number -= 1) {
    const version = versionAt(secret, number, lower);
    if (version === undefined) return undefined;
    if (version.goneAt > upper && !numbers.has(number)) {
      return diagnoseMissingVersion(context, observation, { secret, version });
    }
  }
  return undefined;
}

function findPruned(
  secret: SecretTimeline,
  numbers: ReadonlySet<number>,
  { lower }: Observation,
): Violation | undefined {
  const { path } = secret;
  for (const number of numbers) {
    const version = versionsOf(secret, number).at(-1);
    if (version !== undefined && version.goneAt <= lower && !version.removed) {
      const detail = `The metadata of "${path}" had version ${number}, which was pruned at revision ${version.goneAt}.`;
      return { kind: "pruned_read", others: writerOf(version), path, detail };
    }
  }
  return undefined;
}

function writerOf(version: VersionTimeline | undefined): readonly number[] {
  return version === undefined || version.operationId < 0 ? [] : [version.operationId];
}
