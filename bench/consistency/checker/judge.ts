import { answerFit } from "./answer-fit.ts";
import { explain } from "./explain.ts";
import { both, type Fit } from "./fit.ts";
import { judgeWritten } from "./judge-written.ts";
import { refusalFit } from "./refusal-fit.ts";
import { denialFit, rightFit } from "./right-fit.ts";
import type { Problem, Scene, Seen } from "./scene.ts";
import { isOpenStatus, isRefusal } from "./statuses.ts";

/**
 * The smallest position that explains an answer, or what is wrong with it; undefined when it tells nothing, or nothing
 * that has not been found elsewhere.
 */
export function judge(scene: Scene, seen: Seen): number | Problem | undefined {
  const { operation, attempt } = seen;
  const { status, answer } = attempt;
  const { request } = operation;
  if (isOpenStatus(status)) return undefined;
  if (status !== 200 && !isRefusal(status)) {
    const kind = status === 500 ? "internal_error" : "unexpected_answer";
    return { kind, detail: `A ${request.kind} was answered with status ${status}.` };
  }
  if (answer?.kind === "written") return judgeWritten(scene, seen);
  const commit = scene.commits.byOperation[operation.id];
  // A refusal of the very attempt that took effect has been found in the log.
  if (commit?.place === seen.place) return undefined;
  const right = status === 401 ? denialFit(scene, operation) : rightFit(scene, operation);
  const data = dataFit(scene, seen);
  if ("kind" in data) return data;
  const fit = both(right, data);
  const position = fit.next(seen.lower);
  // Once it has taken effect, the same request is answered as then, for whoever may still ask.
  const last = status === 401 || commit === undefined ? seen.upper : Math.min(seen.upper, commit.entry.revision - 1);
  if (position <= last) return position;
  if (status === 401) {
    const detail = `A ${request.kind} of ${operation.caller} was denied, and was granted all the while.`;
    return { kind: "granted_refused", detail };
  }
  if (position <= seen.upper) {
    const detail = `A ${request.kind} was refused with ${status} after it had taken effect at revision ${commit?.entry.revision}.`;
    return { kind: "wrong_refusal", detail };
  }
  if (data.next(seen.lower) <= last) {
    const detail = `A ${request.kind} of team ${operation.caller} was answered with ${status} when nothing granted it.`;
    return { kind: "revoked_allowed", detail };
  }
  return explain(scene, seen);
}

function dataFit(scene: Scene, { operation, attempt }: Seen): Fit | Problem {
  if (attempt.status === 401) return { next: (from) => from };
  return attempt.status === 200 ? answerFit(scene, operation, attempt) : refusalFit(scene, operation, attempt);
}
