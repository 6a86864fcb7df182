import { visiblePrefix } from "./authorization.ts";
import { type CheckContext, describeBounds, type Observation, secretFor, type Violation } from "./check-context.ts";
import { diagnoseList } from "./diagnose-list.ts";
import { diagnoseMetadata } from "./diagnose-metadata.ts";
import { diagnoseNotFound } from "./diagnose-not-found.ts";
import { diagnoseValue } from "./diagnose-value.ts";
import { contains } from "./intervals.ts";

/** Names the anomaly of a response that is correct at no revision within its bounds. */
export function diagnose(context: CheckContext, observation: Observation): Violation {
  const { caller, request } = observation.operation;
  const { result, status } = observation.exchange;
  if (request.kind === "get" && result?.kind === "value") {
    return diagnoseValue(context, observation, { ...request, ...result });
  }
  if (request.kind === "metadata" && result?.kind === "metadata") {
    return diagnoseMetadata(context, observation, { path: request.path, metadata: result });
  }
  if (request.kind === "list" && result?.kind === "keys") {
    return diagnoseList(context, observation, { prefix: visiblePrefix(caller, request.prefix), keys: result.keys });
  }
  if (status === 404 && (request.kind === "get" || request.kind === "metadata")) {
    const number = request.kind === "get" ? request.number : 0;
    return diagnoseNotFound(context, observation, { path: request.path, number });
  }
  if (result?.kind === "pruned") {
    const detail = `A prune of the audit was decided at revision ${result.revision}, and not ${describeBounds(observation)}.`;
    return { kind: "wrong_outcome", detail };
  }
  return diagnoseWriteRefusal(context, observation);
}

function diagnoseWriteRefusal(context: CheckContext, observation: Observation): Violation {
  const { request } = observation.operation;
  const { status } = observation.exchange;
  const bounds = describeBounds(observation);
  const path = "path" in request ? { path: request.path } : {};
  if (status === 409 && "cas" in request) {
    const exists = contains(secretFor(context, request.path).exists, observation.lower);
    if (request.kind === "put" || exists) {
      const detail = `A ${request.kind} was refused, although version ${request.cas} was the latest one ${bounds}.`;
      return { kind: "false_conflict", ...path, detail };
    }
  }
  const detail = `A ${request.kind} was refused with ${status}, although no state ${bounds} justified it.`;
  return { kind: "wrong_refusal", ...path, detail };
}
