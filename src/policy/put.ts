import { auditedWrite, type WriteOrigin } from "../commit/audited-write.ts";
import { isPermitted } from "../commit/is-permitted.ts";
import type { PolicyChange } from "../store/store.ts";
import { type CheckedPolicy, checkPolicy, type WantedPolicy } from "./check-policy.ts";
import { fail, invalidPolicy, type PolicyResult } from "./failure.ts";
import { NAME_RULE, parsePolicyName } from "./policy-name.ts";
import type { PolicyDeps } from "./deps.ts";
import { sealPolicy } from "./seal-policy.ts";
import { replaceablePolicy } from "./verify-policy.ts";

/** `revision`: that of the commit, and the row version of the policy from now on. */
interface Put {
  readonly revision: number;
  /** What of the patterns may grant more than meant, or be found slowly; one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Creates a policy or replaces the one of that name, which keeps the time of its creation. From this commit on every
 * decision sees it.
 *
 * @throws SealError, StoreUnavailable
 */
export async function putPolicy(
  deps: PolicyDeps,
  request: WriteOrigin &
    WantedPolicy & {
      readonly name: string;
      /** Row version as the caller believes; 0 = none. */
      readonly cas: number | undefined;
    },
): Promise<PolicyResult<Put>> {
  const { cas, spiffeIdPattern, pathPattern, permissions } = request;
  const name = parsePolicyName(request.name);
  if (name === undefined) return (await isPermitted(deps)) ? invalidPolicy(NAME_RULE) : fail("denied");
  // Once, and not before the permission: nothing is compiled for whoever may not put any.
  let known: CheckedPolicy | undefined;
  const check = (): CheckedPolicy => (known ??= checkPolicy(name, request));
  const write = {
    ...request,
    action: "put",
    resource: `policy:${name}`,
    request: {
      label: "request",
      fields: ["policy.put", name, cas ?? null, spiffeIdPattern, pathPattern, ...permissions],
    },
  };
  const result = await auditedWrite(deps, write, {
    query: { policy: { name } },
    tailOf: ({ policy }) => policy?.tail,
    parseOutcome: () => ({}),
    async decide({ store, now: clock, policy: view }, { writeId, ring }) {
      const checked = check();
      if (!checked.ok) return invalidPolicy(checked.detail);
      const found = await replaceablePolicy(deps.ring, store, { name, view, report: deps.reportPolicy });
      if (cas !== undefined && cas !== (found?.version ?? 0)) return fail("version_conflict");
      const now = Math.max(clock, found?.row?.updatedAt ?? 0);
      const { storeId, epoch, auditFloor } = store;
      const times = { createdAt: found?.row?.createdAt ?? now, updatedAt: now };
      const row = await sealPolicy({ ring, randomBytes: deps.randomBytes }, checked.rules, {
        storeId,
        name,
        writeId,
        epoch,
        ...times,
      });
      const policy: PolicyChange = found ? { kind: "update", seen: found.version, row } : { kind: "create", row };
      return { ok: true, change: { policy }, authority: { auditFloor }, outcome: {}, now };
    },
  });
  if (!result.ok) return result;
  const checked = check();
  return { ok: true, answer: { revision: result.answer.revision, warnings: checked.ok ? checked.warnings : [] } };
}
