import { auditedWrite, type WriteOrigin } from "../audit/audited-write.ts";
import { isPermitted } from "../audit/is-permitted.ts";
import { checkPolicy, type WantedPolicy } from "./check-policy.ts";
import { failed, invalid, type PolicyResult } from "./failure.ts";
import type { PolicyRoom } from "./room.ts";
import { sealPolicy } from "./seal-policy.ts";
import { verifyPolicy } from "./verify-policy.ts";
import { patternWarnings } from "./warnings.ts";

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
  room: PolicyRoom,
  request: WriteOrigin &
    WantedPolicy & { /** Row version as the caller believes; 0 = none. */ readonly cas: number | undefined },
): Promise<PolicyResult<Put>> {
  const { cas, spiffeIdPattern, pathPattern } = request;
  const checked = checkPolicy(request);
  if (typeof checked === "string") return (await isPermitted(room)) ? invalid(checked) : failed("denied");
  const { name, permissions, spiffeId, path } = checked;
  const rules = { spiffeIdPattern, pathPattern, permissions, idPrefix: spiffeId.prefix, pathPrefix: path.prefix };
  const write = {
    ...request,
    action: "put",
    resource: `policy:${name}`,
    request: {
      label: "request",
      fields: ["policy.put", name, cas ?? null, spiffeIdPattern, pathPattern, ...permissions],
    },
  };
  const result = await auditedWrite(room, write, {
    query: { policy: { name } },
    tailOf: ({ policy }) => policy?.tail,
    readOutcome: () => ({}),
    async judge({ store, now: clock, policy }, { writeId }) {
      const found = await verifyPolicy(room.ring, store, { name, view: policy });
      if (cas !== undefined && cas !== (found?.version ?? 0)) return failed("version_conflict");
      const now = Math.max(clock, found?.updatedAt ?? 0);
      const { storeId, epoch, auditFloor } = store;
      const row = await sealPolicy(room, rules, {
        storeId,
        name,
        writeId,
        epoch,
        createdAt: found?.createdAt ?? now,
        updatedAt: now,
      });
      const change = {
        policy: found ? ({ kind: "update", seen: found.version, row } as const) : ({ kind: "create", row } as const),
      };
      return { ok: true, change, authority: { auditFloor }, outcome: {}, now };
    },
  });
  if (!result.ok) return result;
  return { ok: true, answer: { revision: result.answer.revision, warnings: patternWarnings(spiffeId, path) } };
}
