import { authorityIn, verifyAuthorityRow } from "../commit/authority-row.ts";
import { isPermitted } from "../commit/is-permitted.ts";
import { loadPermitted } from "../commit/load-permitted.ts";
import type { PolicyDeps } from "./deps.ts";
import { failed, invalidPolicy, type PolicyResult } from "./failure.ts";
import { POLICIES } from "./policies.ts";
import type { Policy } from "./policy.ts";
import { NAME_RULE, parsePolicyName } from "./policy-name.ts";

/** One policy, and the store revision at which it was read. One round trip. @throws SealError, StoreUnavailable */
export async function getPolicy(
  deps: PolicyDeps,
  request: { readonly name: string },
): Promise<PolicyResult<Policy & { readonly revision: number }>> {
  const name = parsePolicyName(request.name);
  if (name === undefined)
    return (await isPermitted(deps)) ? invalidPolicy({ member: "id", ...NAME_RULE }) : failed("denied");
  const snapshot = await loadPermitted(deps, POLICIES.query(name));
  if (snapshot === undefined) return failed("denied");
  const row = snapshot.policy?.row;
  const policy = await verifyAuthorityRow(POLICIES, { ring: deps.ring, ...authorityIn(snapshot), name, row });
  return policy ? { ok: true, answer: { ...policy, revision: snapshot.store.revision } } : failed("not_found");
}
