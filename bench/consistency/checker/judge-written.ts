import { isWrite } from "./commit.ts";
import { rightFit } from "./right-fit.ts";
import type { Problem, Scene, Seen } from "./scene.ts";

/** Judges the 200 of a write: that of the attempt that made the commit, or a repetition of its answer. */
export function judgeWritten(scene: Scene, seen: Seen): number | Problem | undefined {
  const { operation } = seen;
  const commit = scene.commits.byOperation[operation.id];
  if (!isWrite(operation.request)) {
    return { kind: "unexpected_answer", detail: `A ${operation.request.kind} was answered as if it had written.` };
  }
  if (operation.reuses !== undefined) {
    if (commit !== undefined) return undefined;
    const detail = `The key of operation ${operation.reuses} was accepted for another request.`;
    return { kind: "key_reused", others: [operation.reuses], detail };
  }
  if (commit === undefined) return undefined;
  const { revision } = commit.entry;
  if (commit.place === seen.place || commit.presumed) return revision;
  // The right is judged before the commit is met: while it is being sent it may be overtaken by one of its own.
  const granted = rightFit(scene, operation).next(seen.lower);
  if (granted <= seen.upper) return Math.max(granted, revision);
  const detail = `The answer to operation ${operation.id} was repeated to team ${operation.caller} when nothing granted it.`;
  return { kind: "revoked_allowed", detail };
}
