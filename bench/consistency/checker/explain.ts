import type { Operation } from "../history/history.ts";
import { explainList } from "./explain-list.ts";
import { explainMetadata } from "./explain-metadata.ts";
import { explainMissing } from "./explain-missing.ts";
import { explainValue } from "./explain-value.ts";
import { isInside } from "./intervals.ts";
import { visiblePrefix } from "./permission.ts";
import { type Problem, type Scene, type Seen, trackOf, windowOf } from "./scene.ts";

/** Names what is wrong with an answer that no position explains. */
export function explain(scene: Scene, seen: Seen): Problem {
  const { operation, attempt } = seen;
  const { answer, status } = attempt;
  const { request } = operation;
  if (request.kind === "get" && answer?.kind === "value") return explainValue(scene, seen, { ...request, ...answer });
  if (request.kind === "metadata" && answer?.kind === "metadata") {
    return explainMetadata(scene, seen, { path: request.path, answer });
  }
  if (request.kind === "list" && answer?.kind === "keys") {
    return explainList(scene, seen, {
      prefix: visiblePrefix(seen.operation.caller, request.prefix),
      keys: answer.keys,
    });
  }
  if (status === 404 && (request.kind === "get" || request.kind === "metadata")) {
    const number = request.kind === "get" ? request.number : 0;
    return explainMissing(scene, seen, { path: request.path, number });
  }
  return explainRefusal(scene, seen, operation);
}

function explainRefusal(scene: Scene, seen: Seen, { request }: Operation): Problem {
  const { status } = seen.attempt;
  const path = "path" in request ? { path: request.path } : {};
  const expected = "cas" in request ? request.cas : undefined;
  if (status === 409 && "path" in request) {
    const exists = request.kind === "put" || isInside(trackOf(scene, request.path).exists, seen.lower);
    if (exists) {
      const detail = `A ${request.kind} was refused, and version ${expected} was the latest one ${windowOf(seen)}.`;
      return { kind: "false_conflict", ...path, detail };
    }
  }
  const detail = `A ${request.kind} was refused with ${status}, and nothing stood against it ${windowOf(seen)}.`;
  return { kind: "wrong_refusal", ...path, detail };
}
