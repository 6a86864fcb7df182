import { authorityIn } from "../commit/authority-row.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { PathScope, VisiblePaths } from "../store/access.ts";
import type { PathRange } from "../store/store.ts";
import { appliesTo, type CompiledPolicy, MAX_CANDIDATES, policiesFor } from "./evaluate.ts";
import type { ReportPolicy } from "./deps.ts";
import { matchingWork } from "./match-budget.ts";
import type { LiteralStart } from "./literal-prefix.ts";
import { requirePolicyKeys } from "./policy-keys.ts";
import { requestTags } from "./request-tags.ts";

/** The paths that `caller` may list, decided by the policies in each snapshot. */
export async function pathScope(ring: KeyRing, caller: string, report: ReportPolicy): Promise<PathScope> {
  const idTags = await requestTags(ring, "spiffeId", caller);
  return {
    query: { identityGrants: { idTags, limit: MAX_CANDIDATES } },
    caller,
    async read(snapshot) {
      requirePolicyKeys(ring, snapshot.keys);
      const evaluation = { ring, ...authorityIn(snapshot), report };
      return visiblePaths(await policiesFor(evaluation, snapshot.identityGrants, { caller, wanted: "list" }));
    },
  };
}

function visiblePaths(policies: readonly CompiledPolicy[]): VisiblePaths {
  return {
    within: merged(policies.map(({ path }) => rangeOf(path.start))),
    isWhole: policies.every(({ path }) => path.covers),
    decide(path, maxWork) {
      let work = 0;
      for (const policy of policies) {
        work += matchingWork(policy.path, path);
        if (work > maxWork) return undefined;
        if (appliesTo(policy, path)) return { isVisible: true, work };
      }
      return { isVisible: false, work };
    },
  };
}

/** No path contains a character as high as U+10FFFF, or as low as a space. */
const HIGHEST = "\u{10FFFF}";
const LOWEST = " ";

function rangeOf({ literal, whole }: LiteralStart): PathRange {
  return [literal, `${literal}${whole ? LOWEST : HIGHEST}`];
}

/** Sorts ranges, and joins those that overlap: each path is read once. */
function merged(ranges: readonly PathRange[]): readonly PathRange[] {
  const kept: PathRange[] = [];
  for (const range of ranges.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))) {
    const last = kept.at(-1);
    if (last === undefined || range[0] >= last[1]) kept.push(range);
    else if (range[1] > last[1]) kept[kept.length - 1] = [last[0], range[1]];
  }
  return kept;
}
