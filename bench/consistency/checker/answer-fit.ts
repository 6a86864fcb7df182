import type { Attempt, Operation, Request } from "../history/history.ts";
import { compareUtf8 } from "./compare-utf8.ts";
import { digestOf } from "./digest.ts";
import { ANYWHERE, either, type Fit, inside, NOWHERE } from "./fit.ts";
import { visiblePrefix } from "./permission.ts";
import { type Problem, type Scene, trackOf } from "./scene.ts";
import { isRefusal } from "./statuses.ts";

/** What explains the answer of a read, its caller's rights aside. */
export function answerFit(scene: Scene, { caller, request }: Operation, attempt: Attempt): Fit | Problem {
  const { answer } = attempt;
  if (request.kind === "get" && answer?.kind === "value") return valueFit(scene, request, { attempt, ...answer });
  if (request.kind === "metadata" && answer?.kind === "metadata") {
    const track = trackOf(scene, request.path);
    if (track.timeless) return ANYWHERE;
    const state = track.states.get(digestOf(answer.current, answer.oldest, answer.versions));
    return state === undefined ? NOWHERE : inside(state);
  }
  if (request.kind === "list" && answer?.kind === "keys") {
    return listFit(scene, visiblePrefix(caller, request.prefix), answer.keys);
  }
  const detail = `A ${request.kind} was answered with ${answer === undefined ? "nothing" : `a "${answer.kind}"`}.`;
  return { kind: "unexpected_answer", detail };
}

function listFit(scene: Scene, prefix: string | undefined, keys: readonly string[]): Fit | Problem {
  if (prefix === undefined) return keys.length === 0 ? ANYWHERE : NOWHERE;
  const disordered = keys.findIndex((key, index) => index > 0 && compareUtf8(keys[index - 1] ?? "", key) >= 0);
  if (disordered > 0) {
    const detail = `The list of "${prefix}" has "${keys[disordered]}" after "${keys[disordered - 1]}".`;
    return { kind: "unexpected_answer", detail };
  }
  const positions = scene.lists.positionsOf(prefix, keys);
  return positions === undefined ? NOWHERE : inside(positions);
}

function valueFit(
  scene: Scene,
  { path, number }: Extract<Request, { readonly kind: "get" }>,
  { value, attempt }: { readonly value: string; readonly attempt: Attempt },
): Fit | Problem {
  const writer = scene.history.operations[scene.writers.get(value) ?? -1];
  if (writer === undefined)
    return { kind: "foreign_value", path, detail: `No request has written what "${path}" gave.` };
  const others = [writer.id];
  if (!("path" in writer.request) || writer.request.path !== path) {
    return {
      kind: "foreign_value",
      others,
      path,
      detail: `Operation ${writer.id} wrote it elsewhere than to "${path}".`,
    };
  }
  const versions = scene.world.made[writer.id] ?? [];
  if (versions.length === 0) return { ...unmade(writer, attempt), others, path };
  if (number === 0) return either(versions.map(({ current }) => inside(current)));
  const version = versions.find((candidate) => candidate.number === number);
  if (version !== undefined) return inside(version.live);
  const detail = `Version ${number} of "${path}" gave the value of version ${versions[0]?.number}.`;
  return { kind: "mixed_versions", others, path, detail };
}

/** Why a value that was read has no commit. */
function unmade({ id, attempts }: Operation, { end }: Attempt): Problem {
  if (attempts.every(({ status }) => isRefusal(status))) {
    return { kind: "refused_visible", detail: `Operation ${id} was refused, and its value was read.` };
  }
  if ((attempts[0]?.call ?? 0) > end) {
    return { kind: "future_read", detail: `Operation ${id} wrote it, and began after it was read.` };
  }
  return { kind: "audit_missing", detail: `Operation ${id} wrote it, and the audit log does not know of it.` };
}
