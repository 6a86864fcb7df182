import type { CaseKind } from "./cases.ts";
import type { CheckContext, Observation, Violation } from "./check-context.ts";
import { exchangeById, sortedIndexes } from "./exchange-table.ts";
import type { Finding, Findings } from "./findings.ts";
import { linearize } from "./linearize.ts";
import { isBounded, type LowerBound, LowerBounds } from "./lower-bounds.ts";
import { upperBounds } from "./upper-bounds.ts";

/**
 * Assigns each response its linearization point, in the order of completion: the smallest revision at which the
 * response is correct, and which is not below that of any response that completed before its invocation. If any
 * assignment is valid, this one is: a higher revision would only raise the lower bounds of later responses.
 *
 * A read from a replica may be older, within its own {@link LowerBounds}. The revision that it shows was committed
 * before, so it is a lower bound for later responses like any other.
 */
export function linearizeHistory(context: CheckContext, findings: Findings): void {
  const { table, linearizationPoints, history, commits } = context;
  const { size, invokedAt, completedAt } = table;
  const invocations = sortedIndexes(invokedAt);
  const committedRevisions = revisionsByExchange(context);
  const upperBound = upperBounds(commits, table);
  const lowerBounds = new LowerBounds(history, size);
  let invoked = 0;
  for (const exchangeId of sortedIndexes(completedAt)) {
    const now = completedAt[exchangeId] ?? 0;
    for (; invoked < size; invoked += 1) {
      const other = invocations[invoked] ?? 0;
      if ((invokedAt[other] ?? 0) > now) break;
      const { operation, exchange } = exchangeById(table, history.operations, other);
      lowerBounds.invoke(other, operation, exchange);
      const revision = committedRevisions[other] ?? 0;
      const highest = lowerBounds.highest();
      if (revision > 0 && revision <= highest.revision) {
        findings.add(wrongOrder(context, highest, { exchangeId: other, revision }));
      }
    }
    const observation = observe(context, exchangeId, { lowerBounds, upper: upperBound(now) });
    const { operation, exchange } = observation;
    const linearized = linearize(context, observation);
    if (linearized === undefined) continue;
    for (const kind of casesOf(observation, linearized)) findings.checked(kind);
    if (typeof linearized === "object") {
      findings.add(toFinding(observation, linearized));
      continue;
    }
    linearizationPoints[exchangeId] = linearized;
    const revision = Math.max(linearized, exchange.receivedBookmark ?? 0);
    lowerBounds.complete(exchangeId, operation, { ...exchange, revision });
  }
}

function observe(
  { table, history }: CheckContext,
  exchangeId: number,
  { lowerBounds, upper }: { readonly lowerBounds: LowerBounds; readonly upper: number },
): Observation {
  const { operation, exchange } = exchangeById(table, history.operations, exchangeId);
  const { revision: lower, setBy, reason } = lowerBounds.of(exchangeId, operation, exchange);
  return {
    exchangeId,
    operation,
    exchange,
    lower,
    lowerSetBy: setBy,
    lowerReason: reason,
    order: lowerBounds.order(exchangeId).revision,
    session: lowerBounds.session(exchangeId).revision,
    isBounded: isBounded(history, operation, exchange),
    // If commits are out of order, the upper bound may be below the lower one. That has been reported already.
    upper: Math.max(lower, upper),
  };
}

/** The revision that each exchange committed, by exchange ID; 0 if it committed none. */
function revisionsByExchange({ commits, table }: CheckContext): Float64Array {
  const revisions = new Float64Array(table.size);
  for (const { exchangeId, entry } of commits.all) if (exchangeId >= 0) revisions[exchangeId] = entry.revision;
  return revisions;
}

const CASES_BY_STATUS: Readonly<Record<number, CaseKind>> = {
  401: "denial",
  404: "not_found",
  409: "conflict",
  422: "key_reuse",
};
const CASES_BY_RESULT = {
  written: "write",
  value: "value",
  metadata: "metadata",
  keys: "list",
  pruned: "prune",
} as const;

/** The kinds of case that a response belongs to. */
function casesOf(observation: Observation, linearized: number | Violation): readonly CaseKind[] {
  const { operation, exchange, lower, lowerSetBy, upper } = observation;
  const { status, result, sentBookmark = 0, receivedBookmark } = exchange;
  const kind = result === undefined ? CASES_BY_STATUS[status] : CASES_BY_RESULT[result.kind];
  if (kind === undefined) return [];
  return [
    kind,
    ...(operation.caller !== "superuser" && status !== 401 ? (["permission"] as const) : []),
    ...(lowerSetBy >= 0 ? (["order"] as const) : []),
    ...(upper > lower ? (["concurrency"] as const) : []),
    ...(sentBookmark > 0 ? (["bookmark"] as const) : []),
    ...(receivedBookmark === undefined ? [] : (["received_bookmark"] as const)),
    ...(observation.isBounded ? casesOfBounded(observation, linearized) : []),
  ];
}

/** Only reads that could have been older than their bound or session count. */
function casesOfBounded(observation: Observation, linearized: number | Violation): readonly CaseKind[] {
  const { operation, exchange, order, lower, session } = observation;
  const shown = exchange.receivedBookmark ?? linearized;
  return [
    ...(lower > 0 ? (["bounded_read"] as const) : []),
    ...(lower > 0 && operation.caller !== "superuser" ? (["bounded_right"] as const) : []),
    ...(session > 0 ? (["session"] as const) : []),
    ...(typeof shown === "number" && shown < order ? (["stale_within_bound"] as const) : []),
  ];
}

function toFinding({ operation }: Observation, { kind, others = [], path, detail }: Violation): Finding {
  const operations = [...others.filter((id) => id !== operation.id), operation.id];
  const { request } = operation;
  const subject = path ?? ("path" in request ? request.path : undefined);
  return { kind, operations, ...(subject !== undefined && { path: subject }), detail };
}

function wrongOrder(
  { table, history }: CheckContext,
  bound: LowerBound,
  { exchangeId, revision }: { readonly exchangeId: number; readonly revision: number },
): Finding {
  const { id } = exchangeById(table, history.operations, exchangeId).operation;
  const earlier = bound.setBy < 0 ? [] : [exchangeById(table, history.operations, bound.setBy).operation.id];
  const detail = `Operation ${id} was invoked after a response at revision ${bound.revision}, but committed at revision ${revision}.`;
  return { kind: "revision_order", operations: [...earlier.filter((other) => other !== id), id], revision, detail };
}
