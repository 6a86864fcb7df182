import { isWrite } from "../history/history.ts";
import { deniedRevisions, permittedRevisions } from "./authorization.ts";
import type { CheckContext, Observation, Violation } from "./check-context.ts";
import { checkReceivedBookmark } from "./check-received-bookmark.ts";
import { diagnose } from "./diagnose.ts";
import { diagnoseOlder } from "./diagnose-older.ts";
import { revisionsMatchingRefusal } from "./matching-refusals.ts";
import { revisionsMatchingResult } from "./matching-results.ts";
import { ALL_REVISIONS, intersection, type RevisionSet } from "./revision-set.ts";
import { isIndeterminate, isRefusal } from "./status.ts";

/**
 * Returns a response's linearization point: the smallest revision within its bounds at which it is correct.
 * Returns a violation if there is none, and undefined if the response proves nothing or its violation is known already.
 */
export function linearize(context: CheckContext, observation: Observation): number | Violation | undefined {
  const { exchangeId, operation, exchange } = observation;
  const { request } = operation;
  const { status, result } = exchange;
  // checkBookmarks has reported a bookmark that was refused. Such a refusal says nothing about the request.
  if (isIndeterminate(status) || exchange.bookmarkError !== undefined) return undefined;
  if (status !== 200 && !isRefusal(status)) {
    const kind = status === 500 ? "internal_error" : "unexpected_response";
    return { kind, detail: `The response to a ${request.kind} had status ${status}.` };
  }
  if (result?.kind === "written") {
    const point = linearizeWrite(context, observation);
    return typeof point === "number" ? (checkReceivedBookmark(observation, point) ?? point) : point;
  }
  const commit = context.commits.byOperation[operation.id];
  if (result?.kind === "pruned" && commit?.exchangeId === exchangeId) {
    const { revision } = commit.entry;
    return checkReceivedBookmark(observation, revision) ?? revision;
  }
  // This exchange was refused, but it committed. matchAuditLog has reported that.
  if (commit?.exchangeId === exchangeId) return undefined;
  return linearizeRead(context, observation);
}

/** A read, or a write that was refused. */
function linearizeRead(context: CheckContext, observation: Observation): number | Violation {
  const { operation, exchange, lower, upper } = observation;
  const { caller, request, id } = operation;
  const { status } = exchange;
  const commit = context.commits.byOperation[id];
  const { policies } = context.store;
  const allowed = status === 401 ? deniedRevisions(policies, operation) : permittedRevisions(policies, operation);
  const matching = matchingRevisions(context, observation);
  if ("kind" in matching) return matching;
  const correct = intersection(allowed, matching);
  const revision = correct.next(lower);
  // From the commit on, a retry of the same request gets the result of the commit, if it is still permitted.
  const last = status === 401 || commit === undefined ? upper : Math.min(upper, commit.entry.revision - 1);
  if (revision <= last) {
    const isSnapshot = request.kind === "get" || request.kind === "metadata" || request.kind === "list";
    return checkReceivedBookmark(observation, revision, isSnapshot && status === 200 ? correct : undefined) ?? revision;
  }
  const older = diagnoseOlder(context, observation, { correct, isRight: matching.next(lower) <= last });
  if (older !== undefined) return older;
  if (status === 401) {
    const detail = `A ${request.kind} by ${caller} was denied, although it was granted throughout the request.`;
    return { kind: "granted_denied", detail };
  }
  if (revision <= upper) {
    const detail = `A ${request.kind} was refused with ${status} after its commit at revision ${commit?.entry.revision}.`;
    return { kind: "wrong_refusal", detail };
  }
  if (matching.next(lower) <= last) {
    const detail = `A ${request.kind} by team ${caller} got a ${status}, although no policy granted it.`;
    return { kind: "revoked_allowed", detail };
  }
  return diagnose(context, observation);
}

function matchingRevisions(context: CheckContext, { operation, exchange }: Observation): RevisionSet | Violation {
  if (exchange.status === 401) return ALL_REVISIONS;
  return exchange.status === 200
    ? revisionsMatchingResult(context, operation, exchange)
    : revisionsMatchingRefusal(context, operation, exchange);
}

/** A successful write: the exchange that committed, or a later one that got the same response. */
function linearizeWrite(context: CheckContext, observation: Observation): number | Violation | undefined {
  const { exchangeId, operation, lower, upper } = observation;
  const { id, caller, request, reusesKeyOf } = operation;
  const commit = context.commits.byOperation[id];
  if (!isWrite(request)) {
    return { kind: "unexpected_response", detail: `The response to a ${request.kind} was that of a write.` };
  }
  if (reusesKeyOf !== undefined) {
    if (commit !== undefined) return undefined;
    const detail = `The key of operation ${reusesKeyOf} was accepted for another request.`;
    return { kind: "key_reused", others: [reusesKeyOf], detail };
  }
  if (commit === undefined) return undefined;
  const { revision } = commit.entry;
  if (commit.exchangeId === exchangeId || commit.presumed) return revision;
  // The service checks the permission first. The operation's own commit may happen after that, by another exchange.
  const permitted = permittedRevisions(context.store.policies, operation).next(lower);
  if (permitted <= upper) return Math.max(permitted, revision);
  const detail = `The response to operation ${id} was repeated to team ${caller}, although no policy granted it.`;
  return { kind: "revoked_allowed", detail };
}
