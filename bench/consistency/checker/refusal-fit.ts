import type { Attempt, Operation } from "../history/history.ts";
import { conflictFit } from "./conflict-fit.ts";
import { both, type Fit, inside, outside } from "./fit.ts";
import { type Problem, type Scene, trackOf } from "./scene.ts";
import { versionsOf } from "./secret-track.ts";
import { undeleteFit } from "./undelete-fit.ts";

/** What explains a 404, 409 or 422, the caller's rights aside. */
export function refusalFit(scene: Scene, operation: Operation, { status }: Attempt): Fit | Problem {
  const { request, reuses } = operation;
  if (status === 422) {
    const first = reuses === undefined ? undefined : scene.commits.byOperation[reuses];
    if (first !== undefined) return inside([first.entry.revision, Infinity]);
    if (reuses !== undefined) return inside([0, Infinity]);
  } else if (reuses !== undefined) {
    const detail = `The key of operation ${reuses} was used again, and the answer was ${status}.`;
    return { kind: "wrong_refusal", others: [reuses], detail };
  }
  const fit =
    status === 404 ? missingFit(scene, operation) : status === 409 ? expectationFit(scene, operation) : undefined;
  return fit ?? { kind: "unexpected_answer", detail: `A ${request.kind} was answered with status ${status}.` };
}

function expectationFit(scene: Scene, { request }: Operation): Fit | undefined {
  if (!("cas" in request) || request.cas === undefined) return undefined;
  return conflictFit(trackOf(scene, request.path), { kind: request.kind, cas: request.cas });
}

function missingFit(scene: Scene, { request }: Operation): Fit | undefined {
  switch (request.kind) {
    case "get": {
      const track = trackOf(scene, request.path);
      if (request.number === 0) return inside(track.none);
      const versions = versionsOf(track, request.number);
      return versions.map(({ live }) => outside(live)).reduce(both, inside([0, Infinity]));
    }
    case "metadata":
    case "delete":
      return outside(trackOf(scene, request.path).exists);
    case "undelete":
      return undeleteFit(trackOf(scene, request.path), { numbers: request.numbers, cas: request.cas });
    case "revoke":
      return outside(scene.world.policies.get(request.team)?.exists ?? []);
    case "put":
    case "list":
    case "grant":
      return undefined;
  }
}
