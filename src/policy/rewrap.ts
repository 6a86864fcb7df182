import { verifyAuthorityRow } from "../commit/authority-row.ts";
import type { RewrapInput } from "../commit/build-change.ts";
import { faultText } from "../json/fault.ts";
import { SealError } from "../seal/seal-error.ts";
import type { PolicyChange, PolicyView } from "../store/store.ts";
import { checkPolicy } from "./check-policy.ts";
import { POLICIES } from "./policies.ts";
import { parsePolicyName } from "./policy-name.ts";
import { sealPolicy } from "./seal-policy.ts";

/**
 * The change that seals a policy under the primary key of `ring`, and computes its tags under that key. Its rules stay.
 *
 * @throws SealError if the policy does not verify, or if its patterns are no longer accepted. Such a policy grants nothing
 */
export async function rewrapPolicy(
  view: PolicyView,
  { ring, randomBytes, store, writeId, now }: RewrapInput,
): Promise<{ readonly change: PolicyChange; readonly now: number }> {
  const name = parsePolicyName(view.row?.name ?? "");
  if (name === undefined) throw new SealError("malformed", "a policy has an invalid name");
  const policy = await verifyAuthorityRow(POLICIES, { ring, store, name, view });
  if (policy === undefined) throw new SealError("inconsistent", `policy "${name}" is missing`);
  const checked = checkPolicy(policy);
  if (!checked.ok) throw new SealError("malformed", `policy "${name}": ${faultText(checked.fault)}`);
  const { version, createdAt, updatedAt } = policy;
  const { storeId, epoch } = store;
  const times = { createdAt, updatedAt };
  const row = await sealPolicy({ ring, randomBytes }, checked.rules, { storeId, name, writeId, epoch, ...times });
  return { change: { kind: "update", seen: version, row }, now: Math.max(now, updatedAt) };
}
