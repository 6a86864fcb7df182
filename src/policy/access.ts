import { authorityIn, restOn } from "../commit/authority-row.ts";
import type { Access } from "../store/access.ts";
import { findGrant, MAX_CANDIDATES } from "./evaluate.ts";
import type { Permission } from "./permission.ts";
import type { ReportPolicy } from "./deps.ts";
import { POLICIES } from "./policies.ts";
import { requirePolicyKeys } from "./policy-keys.ts";
import { requestTags } from "./request-tags.ts";
import type { KeyRing } from "../seal/key-ring.ts";

/** Access for `caller` to do `wanted` on `path`, decided by the policies in each snapshot. */
export async function policyAccess(
  ring: KeyRing,
  request: { readonly caller: string; readonly path: string; readonly wanted: Permission },
  report: ReportPolicy,
): Promise<Access> {
  const [idTags, pathTags] = await Promise.all([
    requestTags(ring, "spiffeId", request.caller),
    requestTags(ring, "path", request.path),
  ]);
  return {
    isUnrestricted: false,
    query: { grants: { idTags, pathTags, limit: MAX_CANDIDATES } },
    async permits(snapshot) {
      const granting = await findGrant({ ring, ...authorityIn(snapshot), report }, snapshot.grants, request);
      if (granting !== undefined) return [restOn(POLICIES, granting)];
      requirePolicyKeys(ring, snapshot.keys);
      return undefined;
    },
  };
}
