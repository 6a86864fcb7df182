import { auditedWrite, type WriteOrigin } from "../commit/audited-write.ts";
import { isPermitted } from "../commit/is-permitted.ts";
import { DELETION } from "../commit/authority-row.ts";
import { fail, invalidPolicy, type PolicyResult } from "./failure.ts";
import { NAME_RULE, parsePolicyName } from "./policy-name.ts";
import type { PolicyDeps } from "./deps.ts";
import { replaceablePolicy } from "./verify-policy.ts";

/**
 * Takes a policy away. No decision after this commit, and no write that commits after it, rests on that policy.
 *
 * @throws SealError, StoreUnavailable
 */
export async function deletePolicy(
  deps: PolicyDeps,
  request: WriteOrigin & {
    readonly name: string;
    /** Row version as the caller believes. */ readonly cas: number | undefined;
  },
): Promise<PolicyResult<{ readonly revision: number }>> {
  const { cas } = request;
  const name = parsePolicyName(request.name);
  if (name === undefined) return (await isPermitted(deps)) ? invalidPolicy(NAME_RULE) : fail("denied");
  const write = {
    ...request,
    action: DELETION,
    resource: `policy:${name}`,
    request: { label: "request", fields: ["policy.delete", name, cas ?? null] },
  };
  return await auditedWrite(deps, write, {
    query: { policy: { name } },
    tailOf: ({ policy }) => policy?.tail,
    parseOutcome: () => ({}),
    async decide({ store, now: clock, policy }) {
      const found = await replaceablePolicy(deps.ring, store, { name, view: policy, report: deps.reportPolicy });
      if (found === undefined) return fail("not_found");
      if (cas !== undefined && cas !== found.version) return fail("version_conflict");
      const now = Math.max(clock, found.row?.updatedAt ?? 0);
      const change = { policy: { kind: "remove", seen: found.version, name } } as const;
      return { ok: true, change, authority: { auditFloor: store.auditFloor }, outcome: {}, now };
    },
  });
}
