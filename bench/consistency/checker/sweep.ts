import { type Ceiling, ceilingOf } from "./bounds.ts";
import { exchangeAt, orderBy } from "./exchanges.ts";
import type { Findings } from "./findings.ts";
import { judge } from "./judge.ts";
import type { Problem, Scene, Seen } from "./scene.ts";

/** By place: the least position of an answer, and the place of the one that made it the least. */
interface Floor {
  readonly position: Float64Array;
  readonly by: Int32Array;
}

/**
 * Goes through all calls and answers as time went, and gives each answer the smallest position that explains it and is
 * not below any that was given before its call. If any placement explains all, this one does: whatever it puts off
 * could only be later.
 */
export function sweep(scene: Scene, findings: Findings): void {
  const { exchanges, positions } = scene;
  const { count, call, end } = exchanges;
  const calls = orderBy(call);
  const ends = orderBy(end);
  const floor: Floor = { position: new Float64Array(count), by: new Int32Array(count) };
  const made = madeBy(scene);
  const ceiling = ceilingOf(scene.commits, exchanges);
  let running = 0;
  let by = -1;
  let asked = 0;
  for (const place of ends) {
    for (; asked < count; asked += 1) {
      const caller = calls[asked] ?? 0;
      if ((call[caller] ?? 0) > (end[place] ?? 0)) break;
      floor.position[caller] = running;
      floor.by[caller] = by;
      const revision = made[caller] ?? 0;
      if (revision > 0 && revision <= running)
        findings.add(disordered(scene, { place: caller, revision, running, by }));
    }
    const position = judgeAt(scene, { place, floor, ceiling }, findings);
    if (position === undefined) continue;
    positions[place] = position;
    if (position > running) {
      running = position;
      by = place;
    }
  }
}

/** By place: the revision of the commit that attempt made; 0 = none. */
function madeBy({ commits, exchanges }: Scene): Float64Array {
  const made = new Float64Array(exchanges.count);
  for (const { place, entry } of commits.all) if (place >= 0) made[place] = entry.revision;
  return made;
}

function judgeAt(
  scene: Scene,
  { place, floor, ceiling }: { readonly place: number; readonly floor: Floor; readonly ceiling: Ceiling },
  findings: Findings,
): number | undefined {
  const { operation, attempt } = exchangeAt(scene.exchanges, scene.history.operations, place);
  const lower = floor.position[place] ?? 0;
  // Where commits are out of order nothing is left between: that has been found, and one position will do.
  const upper = Math.max(lower, ceiling.at(attempt.end));
  const seen: Seen = { place, operation, attempt, lower, lowerBy: floor.by[place] ?? -1, upper };
  const judged = judge(scene, seen);
  if (typeof judged !== "object") return judged;
  findings.add(findingOf(seen, judged));
  return undefined;
}

function findingOf({ operation }: Seen, { kind, others = [], path, detail }: Problem) {
  const operations = [...others.filter((id) => id !== operation.id), operation.id];
  const { request } = operation;
  const where = path ?? ("path" in request ? request.path : undefined);
  return { kind, operations, ...(where !== undefined && { path: where }), detail };
}

function disordered(
  { exchanges, history }: Scene,
  at: { readonly place: number; readonly revision: number; readonly running: number; readonly by: number },
) {
  const { revision, running } = at;
  const { id } = exchangeAt(exchanges, history.operations, at.place).operation;
  const earlier = at.by < 0 ? [] : [exchangeAt(exchanges, history.operations, at.by).operation.id];
  const detail = `Operation ${id} began after revision ${running} had been told of, and was committed at revision ${revision}.`;
  return {
    kind: "revision_order",
    operations: [...earlier.filter((one) => one !== id), id],
    revision,
    detail,
  } as const;
}
