import { isWrite, type Operation, type Request } from "../history/history.ts";
import type { AnomalyKind } from "./anomaly.ts";
import { deniedRevisions } from "./authorization.ts";
import type { CheckContext, Observation, Violation } from "./check-context.ts";
import { exchangeById } from "./exchange-table.ts";
import { revisionsMatchingRefusal } from "./matching-refusals.ts";
import { revisionsMatchingResult } from "./matching-results.ts";
import { partitionPoint } from "./partition-point.ts";

/** Limit for the search through a client's earlier exchanges. */
const MAX_SEARCHED = 2000;

/** Names the anomaly of a response that shows the store at revision `shown`, which is below its lower bound. */
export function diagnoseStale(context: CheckContext, observation: Observation, shown: number): Violation {
  const { kind, id } = findEvidence(context, observation, shown);
  const { operation, lower } = observation;
  const { request } = operation;
  const receiver = kind === "stale_read" ? "another client" : "the same client";
  const detail = `A ${request.kind} showed revision ${shown}, although ${receiver} had received a response at revision ${lower} or one before it.`;
  return { kind, others: id === undefined ? [] : [id], ...("path" in request && { path: request.path }), detail };
}

/** The ID of the operation that proves that the response is stale, and the kind of anomaly. */
interface Evidence {
  readonly kind: Extract<AnomalyKind, "stale_read" | "non_monotonic_read" | "missed_own_write">;
  readonly id: number | undefined;
}

/** Prefers the client's own writes, then its own reads, then the exchange that set the lower bound. */
function findEvidence(context: CheckContext, observation: Observation, shown: number): Evidence {
  const { table, history } = context;
  const { operation, lowerSetBy } = observation;
  let read: Operation | undefined;
  for (const earlier of earlierExchanges(context, observation)) {
    if (!haveCommonPath(earlier.operation.request, operation.request) || !isNewer(context, earlier, shown)) continue;
    if (isWrite(earlier.operation.request)) return { kind: "missed_own_write", id: earlier.operation.id };
    read ??= earlier.operation;
  }
  if (read !== undefined) return { kind: "non_monotonic_read", id: read.id };
  const bounding = lowerSetBy < 0 ? undefined : exchangeById(table, history.operations, lowerSetBy).operation;
  if (bounding === undefined || bounding.client !== operation.client || bounding.id === operation.id) {
    return { kind: "stale_read", id: bounding?.id };
  }
  return { kind: isWrite(bounding.request) ? "missed_own_write" : "non_monotonic_read", id: bounding.id };
}

interface EarlierExchange {
  readonly exchangeId: number;
  readonly operation: Operation;
}

/** The client's exchanges that completed before this request and have a linearization point, latest first. */
function* earlierExchanges(context: CheckContext, { operation, exchange }: Observation): Generator<EarlierExchange> {
  const { table, history, linearizationPoints } = context;
  const { invokedAt, completedAt } = table;
  const ids = context.exchangesOf(operation.client);
  const count = partitionPoint(ids.length, (index) => (invokedAt[ids[index] ?? -1] ?? 0) >= exchange.invokedAt);
  for (let index = count - 1; index >= Math.max(0, count - MAX_SEARCHED); index -= 1) {
    const exchangeId = ids[index] ?? -1;
    if ((completedAt[exchangeId] ?? Infinity) >= exchange.invokedAt) continue;
    if ((linearizationPoints[exchangeId] ?? -1) < 0) continue;
    yield { exchangeId, operation: exchangeById(table, history.operations, exchangeId).operation };
  }
}

/** True if the response is correct only after `shown`, and not just linearized later because of its time. */
function isNewer(context: CheckContext, { exchangeId, operation }: EarlierExchange, shown: number): boolean {
  if ((context.linearizationPoints[exchangeId] ?? -1) <= shown) return false;
  const { exchange } = exchangeById(context.table, context.history.operations, exchangeId);
  if (exchange.status === 401) return deniedRevisions(context.store.policies, operation).next(0) > shown;
  if (exchange.result?.kind === "written") return true;
  const matching =
    exchange.status === 200
      ? revisionsMatchingResult(context, operation, exchange)
      : revisionsMatchingRefusal(context, operation, exchange);
  return !("kind" in matching) && matching.next(0) > shown;
}

function haveCommonPath(one: Request, other: Request): boolean {
  if ("path" in one) {
    if ("path" in other) return one.path === other.path;
    return "prefix" in other && one.path.startsWith(other.prefix);
  }
  if (!("prefix" in one)) return false;
  if ("path" in other) return other.path.startsWith(one.prefix);
  return "prefix" in other && (one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix));
}
