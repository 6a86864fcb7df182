import type { KeyRing } from "../seal/key-ring.ts";
import type { PathScope } from "../store/access.ts";
import { MAX_CANDIDATES, policiesFor, reachesPath } from "./evaluate.ts";
import type { ReportPolicy } from "./deps.ts";
import { requirePolicyKeys } from "./policy-keys.ts";
import { requestTags } from "./request-tags.ts";

/** The paths on which policies grant `caller` the permission `list`. */
export async function pathScope(ring: KeyRing, caller: string, report: ReportPolicy): Promise<PathScope> {
  const idTags = await requestTags(ring, "spiffeId", caller);
  return {
    query: { identityGrants: { idTags, limit: MAX_CANDIDATES + 1 } },
    async read({ store, keys, identityGrants }) {
      requirePolicyKeys(ring, keys);
      const policies = await policiesFor({ ring, store, report }, identityGrants ?? [], { caller, wanted: "list" });
      return {
        within: outermost(policies.map(({ path }) => path.prefix)),
        includes: (path) => policies.some((live) => reachesPath(live, path)),
      };
    },
  };
}

/** Without those that begin with another one: what is left covers the same paths, each once. */
function outermost(prefixes: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const prefix of prefixes.toSorted()) {
    const last = kept.at(-1);
    if (last === undefined || !prefix.startsWith(last)) kept.push(prefix);
  }
  return kept;
}
