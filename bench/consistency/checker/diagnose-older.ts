import type { CheckContext, Observation, Violation } from "./check-context.ts";
import { diagnoseStale } from "./diagnose-stale.ts";
import type { RevisionSet } from "./revision-set.ts";

/**
 * Names the anomaly of a response that was correct before its lower bound, if a bookmark or the bound of a replica set this bound.
 *
 * @param options `correct`: the revisions at which the response is correct. `isRight`: true if only the permission is too old
 */
export function diagnoseOlder(
  context: CheckContext,
  observation: Observation,
  { correct, isRight }: { readonly correct: RevisionSet; readonly isRight: boolean },
): Violation | undefined {
  const { operation, exchange, lower, lowerReason, order, isBounded } = observation;
  if (lowerReason === "order") return undefined;
  const shown = correct.next(isBounded ? 0 : order);
  if (shown >= lower) return undefined;
  const response = `A ${operation.request.kind} with status ${exchange.status} showed revision ${shown}`;
  if (lowerReason === "bookmark") {
    return { kind: "below_bookmark", detail: `${response}, but its request sent a bookmark of revision ${lower}.` };
  }
  if (lowerReason === "session") return diagnoseStale(context, observation, shown);
  if (isRight) {
    const detail = `A ${operation.request.kind} of team ${operation.caller} was served, although its right had ended before the bound.`;
    return { kind: "right_beyond_bound", detail };
  }
  return { kind: "beyond_bound", detail: `${response}, although revision ${lower} was acknowledged before the bound.` };
}
