import type { CaseKind } from "./cases.ts";
import type { CheckContext, Observation, Violation } from "./check-context.ts";
import { exchangeById, sortedIndexes } from "./exchange-table.ts";
import type { Finding, Findings } from "./findings.ts";
import { linearize } from "./linearize.ts";
import { upperBounds } from "./upper-bounds.ts";

/** A lower bound for linearization points, and the ID of the exchange that set it, or -1. */
interface LowerBound {
  readonly revision: number;
  readonly setBy: number;
}

/**
 * Assigns each response its linearization point, in the order of completion: the smallest revision at which the
 * response is correct, and which is not below that of any response that completed before its invocation. If any
 * assignment is valid, this one is: a higher revision would only raise the lower bounds of later responses.
 */
export function linearizeHistory(context: CheckContext, findings: Findings): void {
  const { table, linearizationPoints, history, commits } = context;
  const { size, invokedAt, completedAt } = table;
  const invocations = sortedIndexes(invokedAt);
  const committedRevisions = revisionsByExchange(context);
  const upperBound = upperBounds(commits, table);
  let highest: LowerBound = { revision: 0, setBy: -1 };
  const lowerBounds = Array.from({ length: size }, () => highest);
  let invoked = 0;
  for (const exchangeId of sortedIndexes(completedAt)) {
    const now = completedAt[exchangeId] ?? 0;
    for (; invoked < size; invoked += 1) {
      const other = invocations[invoked] ?? 0;
      if ((invokedAt[other] ?? 0) > now) break;
      lowerBounds[other] = highest;
      const revision = committedRevisions[other] ?? 0;
      if (revision > 0 && revision <= highest.revision) {
        findings.add(wrongOrder(context, highest, { exchangeId: other, revision }));
      }
    }
    const { operation, exchange } = exchangeById(table, history.operations, exchangeId);
    const { revision: lower, setBy } = lowerBounds[exchangeId] ?? highest;
    // If commits are out of order, the upper bound may be below the lower one. That has been reported already.
    const upper = Math.max(lower, upperBound(now));
    const observation = { exchangeId, operation, exchange, lower, lowerSetBy: setBy, upper };
    const linearized = linearize(context, observation);
    if (linearized === undefined) continue;
    for (const kind of casesOf(observation)) findings.checked(kind);
    if (typeof linearized === "object") {
      findings.add(toFinding(observation, linearized));
      continue;
    }
    linearizationPoints[exchangeId] = linearized;
    if (linearized > highest.revision) highest = { revision: linearized, setBy: exchangeId };
  }
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
function casesOf({ operation, exchange, lower, lowerSetBy, upper }: Observation): readonly CaseKind[] {
  const { status, result } = exchange;
  const kind = result === undefined ? CASES_BY_STATUS[status] : CASES_BY_RESULT[result.kind];
  if (kind === undefined) return [];
  return [
    kind,
    ...(operation.caller !== "superuser" && status !== 401 ? (["permission"] as const) : []),
    ...(lowerSetBy >= 0 ? (["order"] as const) : []),
    ...(upper > lower ? (["concurrency"] as const) : []),
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
