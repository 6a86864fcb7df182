import { type AuditEntry, type Exchange, type History, isWrite, type Operation } from "../history/history.ts";
import { ReferenceStore } from "./reference-store.fixture.ts";
import { isRefusal } from "./status.ts";

interface Attempt {
  readonly operation: Operation;
  readonly exchange: Exchange;
}

/**
 * True if a correct store could have produced the history. Compares every response with a copy of the whole store at
 * every revision, so it is only for short histories. The audit log has to be sorted by revision.
 */
export function isConsistent(history: History): boolean {
  const { auditLog, operations, maxVersions } = history;
  const attempts = operations.flatMap((operation) => operation.exchanges.map((exchange) => ({ operation, exchange })));
  const causes = auditLog.map(({ trace }) => attempts.find(({ exchange }) => exchange.trace === trace));
  if (!isWellFormed(auditLog, causes)) return false;
  const stores = storesOf(auditLog, { causes, maxVersions });
  return stores !== undefined && isLinearizable({ history, attempts, causes, stores });
}

function isWellFormed(auditLog: readonly AuditEntry[], causes: readonly (Attempt | undefined)[]): boolean {
  if (new Set(auditLog.map(({ writeId }) => writeId)).size < auditLog.length) return false;
  const known = causes.filter((cause) => cause !== undefined);
  if (new Set(known.map(({ operation }) => operation)).size < known.length) return false;
  // The times of one resource must not decrease.
  const previous = (entry: AuditEntry, index: number): AuditEntry | undefined =>
    auditLog.slice(0, index).findLast(({ resource }) => resource === entry.resource);
  if (auditLog.some((entry, index) => (previous(entry, index)?.at ?? entry.at) > entry.at)) return false;
  return auditLog.every((entry, index) => {
    const cause = causes[index];
    if (entry.revision !== index + 1) return false;
    if (cause === undefined) return entry.action === "remove" && entry.resource.startsWith("secret:");
    const { request, caller, reusesKeyOf } = cause.operation;
    if (!isWrite(request) || isRefusal(cause.exchange.status) || reusesKeyOf !== undefined) return false;
    const [resource, actions] =
      "path" in request
        ? [`secret:${request.path}`, [request.kind]]
        : [
            `policy:${"team" in request ? request.team : ""}`,
            request.kind === "grant" ? ["put"] : ["delete", "remove"],
          ];
    const callerId = caller === "superuser" ? "/superuser" : `/team/${caller}`;
    return entry.resource === resource && actions.includes(entry.action) && entry.caller === callerId;
  });
}

/** The store at every revision. Undefined if the store cannot have committed the audit log. */
function storesOf(
  auditLog: readonly AuditEntry[],
  { causes, maxVersions }: { readonly causes: readonly (Attempt | undefined)[]; readonly maxVersions: number },
): readonly ReferenceStore[] | undefined {
  const stores = [new ReferenceStore(maxVersions)];
  for (const [index, entry] of auditLog.entries()) {
    const store = new ReferenceStore(maxVersions, stores.at(-1));
    stores.push(store);
    const cause = causes[index];
    if (cause === undefined) {
      store.secrets.delete(entry.resource.slice("secret:".length));
      continue;
    }
    const decision = store.decide(cause.operation.caller, cause.operation.request);
    if (!("commit" in decision)) return undefined;
    const version = decision.commit(entry.revision, entry.at);
    if (entry.resource.startsWith("secret:") && version !== entry.version) return undefined;
  }
  return stores;
}

interface ReferenceRun {
  readonly history: History;
  readonly attempts: readonly Attempt[];
  readonly causes: readonly (Attempt | undefined)[];
  readonly stores: readonly ReferenceStore[];
}

function isLinearizable(run: ReferenceRun): boolean {
  if (!run.attempts.every((attempt) => hasRightBookmark(run.history, attempt))) return false;
  const points = new Map<Exchange, number>();
  const sorted = run.attempts.toSorted((one, other) => one.exchange.completedAt - other.exchange.completedAt);
  for (const attempt of sorted) {
    const { exchange, operation } = attempt;
    if (!isRefusal(exchange.status) && exchange.status !== 200) {
      if (![0, 503].includes(exchange.status)) return false;
      continue;
    }
    const revision = run.causes.findIndex((cause) => cause?.operation === operation) + 1;
    const lower = lowerBound(run, attempt, points);
    const later = run.causes.map((cause, index) =>
      (cause?.exchange.invokedAt ?? -1) > exchange.completedAt ? index : Infinity,
    );
    const upper = Math.min(run.stores.length - 1, ...later);
    const point = linearizationPointOf(run, attempt, { lower, upper, revision });
    if (point === undefined || point > upper) return false;
    if (!fitsBookmark(run, attempt, { point, upper })) return false;
    points.set(exchange, Math.max(point, exchange.receivedBookmark ?? 0));
  }
  return run.causes.every((cause, index) =>
    [...points].every(
      ([earlier, point]) => !(cause && earlier.completedAt < cause.exchange.invokedAt) || point <= index,
    ),
  );
}

const READS: readonly string[] = ["get", "metadata", "list"];

function lowerBound(
  { history, attempts }: ReferenceRun,
  { operation, exchange }: Attempt,
  points: ReadonlyMap<Exchange, number>,
): number {
  const { routes, maxStalenessMs = 0, stalenessToleranceMs = 0 } = history;
  const isOwn = (other: Exchange): boolean =>
    attempts.some((attempt) => attempt.exchange === other && attempt.operation.client === operation.client);
  const isFromReplica =
    exchange.status === 200 && routes?.[exchange.worker] === "replica-reads" && READS.includes(operation.request.kind);
  const before = [...points].filter(([earlier]) => {
    if (earlier.completedAt >= exchange.invokedAt) return false;
    if (!isFromReplica) return true;
    if (earlier.completedAt < exchange.invokedAt - maxStalenessMs - stalenessToleranceMs) return true;
    return exchange.sentBookmark !== undefined && earlier.receivedBookmark !== undefined && isOwn(earlier);
  });
  return Math.max(0, exchange.sentBookmark ?? 0, ...before.map(([, point]) => point));
}

function hasRightBookmark({ hasBookmarks }: History, { operation, exchange }: Attempt): boolean {
  const { status, sentBookmark, receivedBookmark } = exchange;
  if (hasBookmarks !== true) return true;
  if (status === 401) return receivedBookmark === undefined;
  if (status !== 200) return true;
  return (receivedBookmark !== undefined) === (isWrite(operation.request) || sentBookmark !== undefined);
}

function fitsBookmark(
  { stores }: ReferenceRun,
  { operation, exchange }: Attempt,
  { point, upper }: { readonly point: number; readonly upper: number },
): boolean {
  const { status, result, sentBookmark = 0, receivedBookmark: received } = exchange;
  const { caller, request } = operation;
  if (received === undefined) return true;
  if (received < point || received < sentBookmark || received > upper) return false;
  if (status !== 200 || isWrite(request)) return true;
  const decision = stores[received]!.decide(caller, request);
  return JSON.stringify({ status, result }) === JSON.stringify({ status: decision.status, result: resultOf(decision) });
}

function linearizationPointOf(
  { causes, stores, history }: ReferenceRun,
  { operation, exchange }: Attempt,
  bounds: { readonly lower: number; readonly upper: number; readonly revision: number },
): number | undefined {
  const { lower, upper, revision } = bounds;
  const { caller, request, reusesKeyOf } = operation;
  const { status, result } = exchange;
  const firstRevision = (test: (store: ReferenceStore, point: number) => boolean): number | undefined => {
    for (let point = lower; point <= upper; point += 1) if (test(stores[point]!, point)) return point;
    return undefined;
  };
  if (status === 401) return firstRevision((store) => !store.permits(caller, request));
  if (reusesKeyOf !== undefined) {
    const first = causes.findIndex((cause) => cause?.operation.id === reusesKeyOf) + 1;
    if (status !== 422 || first === 0) return undefined;
    return firstRevision((store, point) => point >= first && store.permits(caller, request));
  }
  if (status === 200 && isWrite(request)) {
    if (revision === 0 || result?.kind !== "written" || result.revision !== revision) return undefined;
    const { version = result.version } = history.auditLog[revision - 1]!;
    const versions = operation.exchanges.flatMap((one) => (one.result?.kind === "written" ? [one.result.version] : []));
    if (version !== result.version || new Set(versions).size > 1) return undefined;
    if (causes[revision - 1]?.exchange === exchange) return revision;
    const permitted = firstRevision((store) => store.permits(caller, request));
    return permitted === undefined ? undefined : Math.max(permitted, revision);
  }
  const actual = JSON.stringify({ status, result });
  return firstRevision((store, point) => {
    if (revision > 0 && point >= revision) return false;
    const decision = store.decide(caller, request);
    return (
      !("commit" in decision) && actual === JSON.stringify({ status: decision.status, result: resultOf(decision) })
    );
  });
}

function resultOf(decision: { readonly status: number }): unknown {
  return "result" in decision ? decision.result : undefined;
}
