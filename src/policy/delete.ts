import type { WriteOrigin } from "../commit/audited-write.ts";
import { deleteAuthorityRow } from "../commit/delete-authority-row.ts";
import { isPermitted } from "../commit/is-permitted.ts";
import type { PolicyDeps } from "./deps.ts";
import { failed, invalidPolicy, type PolicyResult } from "./failure.ts";
import { POLICIES } from "./policies.ts";
import { NAME_RULE, parsePolicyName } from "./policy-name.ts";

/**
 * Deletes a policy. After this commit, it permits nothing, and no write commits that it permitted before.
 *
 * @throws SealError, StoreUnavailable
 */
export async function deletePolicy(
  deps: PolicyDeps,
  request: WriteOrigin & {
    readonly name: string;
    /** Expected row version. */
    readonly cas: number | undefined;
  },
): Promise<PolicyResult<{ readonly revision: number }>> {
  const name = parsePolicyName(request.name);
  if (name === undefined)
    return (await isPermitted(deps)) ? invalidPolicy({ member: "id", ...NAME_RULE }) : failed("denied");
  return await deleteAuthorityRow(POLICIES, deps, {
    ...request,
    name,
    report: (fault) => deps.reportPolicy({ policy: name, ...fault }),
  });
}
