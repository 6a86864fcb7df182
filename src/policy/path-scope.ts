import type { KeyRing } from "../seal/key-ring.ts";
import type { PathScope } from "../store/access.ts";
import { MAX_CANDIDATES, policiesFor, appliesTo } from "./evaluate.ts";
import type { ReportPolicy } from "./deps.ts";
import { requirePolicyKeys } from "./policy-keys.ts";
import { requestTags } from "./request-tags.ts";

/** The paths that `caller` may list, decided by the policies in each snapshot. */
export async function pathScope(ring: KeyRing, caller: string, report: ReportPolicy): Promise<PathScope> {
  const idTags = await requestTags(ring, "spiffeId", caller);
  return {
    query: { identityGrants: { idTags, limit: MAX_CANDIDATES + 1 } },
    async read({ store, keys, identityGrants }) {
      requirePolicyKeys(ring, keys);
      const policies = await policiesFor({ ring, store, report }, identityGrants ?? [], { caller, wanted: "list" });
      return {
        within: outermost(policies.map(({ path }) => path.prefix)),
        includes: (path) => policies.some((policy) => appliesTo(policy, path)),
      };
    },
  };
}

/** Drops each prefix that begins with another one. The rest covers the same paths, each of them once. */
function outermost(prefixes: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const prefix of prefixes.toSorted()) {
    const last = kept.at(-1);
    if (last === undefined || !prefix.startsWith(last)) kept.push(prefix);
  }
  return kept;
}
