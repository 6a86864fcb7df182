import type { RewrapInput } from "../commit/audited-write.ts";
import { SealError } from "../seal/seal-error.ts";
import type { PolicyChange, PolicyView } from "../store/store.ts";
import { checkPolicy } from "./check-policy.ts";
import { parsePolicyName } from "./policy-name.ts";
import { sealPolicy } from "./seal-policy.ts";
import { verifyPolicy } from "./verify-policy.ts";

/**
 * The change that puts a policy under the primary key of `place.ring`, tags and all. Its rules stay as they are.
 *
 * @throws SealError when it is not what this service wrote last, or its patterns are refused by now: it would not be found
 * by its tags, and grants nothing as it is
 */
export async function rewrapPolicy(
  view: PolicyView,
  { ring, randomBytes, store, writeId, now: clock }: RewrapInput,
): Promise<{ readonly change: PolicyChange; readonly now: number }> {
  const name = parsePolicyName(view.row?.name ?? "");
  if (name === undefined) throw new SealError("malformed", "a policy has a name that is none");
  const policy = await verifyPolicy(ring, store, { name, view });
  if (policy === undefined) throw new SealError("inconsistent", `policy "${name}" is missing`);
  const checked = checkPolicy(name, policy);
  if (!checked.ok) throw new SealError("malformed", checked.detail);
  const { version, createdAt, updatedAt } = policy;
  const { storeId, epoch } = store;
  const times = { createdAt, updatedAt };
  const row = await sealPolicy({ ring, randomBytes }, checked.rules, { storeId, name, writeId, epoch, ...times });
  return { change: { kind: "update", seen: version, row }, now: Math.max(clock, updatedAt) };
}
