import type { History } from "../history/history.ts";
import { intervalsOf, requiredPermission } from "./authorization.ts";
import { type Commit, type Commits, policyName, secretPath } from "./commit.ts";
import { diagnoseVersionNumber } from "./diagnose-version-number.ts";
import type { Findings } from "./findings.ts";
import { isOpen } from "./intervals.ts";
import { changePolicy, emptyPolicy, type PolicyTimeline } from "./policy-timeline.ts";
import { put, remove, softDelete, undelete } from "./secret-model.ts";
import { emptySecret, type SecretTimeline, type VersionTimeline } from "./secret-timeline.ts";

/** The store at all revisions, as the commits define it. The state at revision N is the one after commit N. */
export interface StoreTimeline {
  readonly secrets: ReadonlyMap<string, SecretTimeline>;
  readonly policies: ReadonlyMap<string, PolicyTimeline>;
  /** The versions that each put created, by operation ID: one, unless it was applied twice. */
  readonly versionsByPut: readonly (readonly VersionTimeline[] | undefined)[];
}

/** A little less than the 15 minutes at which the service replaces the time of the database. */
const MAX_EXACT_DISTANCE_MS = 14 * 60 * 1000;

interface Replay {
  readonly history: History;
  readonly findings: Findings;
  readonly secrets: Map<string, SecretTimeline>;
  readonly policies: Map<string, PolicyTimeline>;
  readonly versionsByPut: (readonly VersionTimeline[] | undefined)[];
}

/** Applies the commits in order. Reports those that were not permitted, or whose outcome differs from the model's. */
export function replay(history: History, commits: Commits, findings: Findings): StoreTimeline {
  const versionsByPut = history.operations.map(() => undefined);
  const run: Replay = { history, findings, secrets: new Map(), policies: new Map(), versionsByPut };
  for (const commit of commits.all) {
    checkPermission(run, commit);
    const path = secretPath(commit.entry);
    const policy = policyName(commit.entry);
    if (path !== undefined) applyToSecret(run, commit, getOrAdd(run.secrets, path, emptySecret));
    else if (policy !== undefined) applyToPolicy(run, commit, getOrAdd(run.policies, policy, emptyPolicy));
  }
  return run;
}

function getOrAdd<T>(map: Map<string, T>, key: string, create: (key: string) => T): T {
  const value = map.get(key) ?? create(key);
  map.set(key, value);
  return value;
}

/** Checks that the caller's policy granted the write at the revision before its commit. */
function checkPermission({ policies, findings }: Replay, { entry, operation }: Commit): void {
  if (operation === undefined) return;
  const { caller, request, id } = operation;
  const required = requiredPermission(caller, request);
  if (required === "nothing") return;
  findings.checked("committed_permission");
  if (required === "delegation") findings.checked("delegated_change");
  if (required !== "impossible" && isOpen(intervalsOf(policies, caller, required))) return;
  const detail = `Operation ${id} of team ${caller} was committed at revision ${entry.revision}, although no policy granted it.`;
  findings.add({ kind: "revoked_allowed", operations: [id], revision: entry.revision, detail });
}

function applyToPolicy({ findings }: Replay, { entry, operation }: Commit, policy: PolicyTimeline): void {
  const { revision, action, resource } = entry;
  if (action === "put") {
    const permissions = operation?.request.kind === "grant" ? operation.request.permissions : [];
    changePolicy(policy, permissions, revision);
    return;
  }
  if (!isOpen(policy.exists)) {
    const detail = `Revision ${revision} removes ${resource}, which does not exist.`;
    findings.add({ kind: "wrong_outcome", operations: idsOf(operation), revision, detail });
  }
  changePolicy(policy, undefined, revision);
}

function applyToSecret(run: Replay, commit: Commit, secret: SecretTimeline): void {
  const { findings } = run;
  const { entry, operation, presumed } = commit;
  const { revision, action } = entry;
  const at = timeOf(entry, secret);
  const subject = { operations: idsOf(operation), revision, path: secret.path };
  if (presumed) secret.timesUnknown = true;
  const request = operation?.request;
  const cas = request !== undefined && "cas" in request ? request.cas : undefined;
  if (cas !== undefined && cas !== secret.latest) {
    const detail = `Revision ${revision} expected version ${cas} to be the latest, but it was version ${secret.latest}.`;
    findings.add({ kind: "lost_update", ...subject, detail });
  }
  if (action === "put") return applyPut(run, commit, { secret, at });
  if (action === "remove") return remove(secret, revision);
  const numbers = request !== undefined && "numbers" in request ? request.numbers : [];
  const existed = secret.latest > 0;
  const isApplicable = existed && (action === "delete" || undelete(secret, numbers, revision));
  if (existed && action === "delete") softDelete(secret, numbers, { revision, at });
  const current = secret.current?.number ?? 0;
  if (!isApplicable) {
    const detail = `Revision ${revision} is ${action} of "${secret.path}", which had nothing to ${action}.`;
    findings.add({ kind: "wrong_outcome", ...subject, detail });
  } else if (entry.version !== undefined && entry.version !== current) {
    const detail = `The audit entry of revision ${revision} has version ${entry.version} as the current one, but it is ${current}.`;
    findings.add({ kind: "wrong_outcome", ...subject, detail });
  }
}

function applyPut(
  { history, findings, versionsByPut }: Replay,
  commit: Commit,
  { secret, at }: { readonly secret: SecretTimeline; readonly at: number },
): void {
  const { entry, operation } = commit;
  const { revision } = entry;
  const number = entry.version ?? secret.latest + 1;
  if (number !== secret.latest + 1) findings.add(diagnoseVersionNumber(history, commit, { secret, number }));
  const added = { number, operationId: operation?.id ?? -1, revision, at };
  if (!isOpen(secret.exists)) secret.maxVersions = maxVersionsOf(history, commit);
  const version = put(secret, added);
  if (operation !== undefined) versionsByPut[operation.id] = [...(versionsByPut[operation.id] ?? []), version];
}

/**
 * The time of a change: by the database's clock, but not before the previous change of the path. If that clock is too far from the
 * worker's, the service replaces its time by one that no audit entry has, so the times of the path are unknown from then on.
 */
function timeOf({ at, workerAt = at }: Commit["entry"], secret: SecretTimeline): number {
  if (Math.abs(at - workerAt) > MAX_EXACT_DISTANCE_MS) secret.timesUnknown = true;
  else secret.writtenAt = Math.max(at, secret.writtenAt);
  return secret.writtenAt;
}

/** The setting of the worker that creates the secret. */
function maxVersionsOf({ maxVersions, maxVersionsByWorker }: History, { entry, operation }: Commit): number {
  const worker = operation?.exchanges.find(({ trace }) => trace === entry.trace)?.worker ?? -1;
  return maxVersionsByWorker?.[worker] ?? maxVersions;
}

function idsOf(operation: Commit["operation"]): readonly number[] {
  return operation === undefined ? [] : [operation.id];
}
