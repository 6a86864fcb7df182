import { slotOfRow, verifyAuthorityRow, withRow } from "../commit/authority-row.ts";
import type { RewrapInput } from "../commit/build-change.ts";
import { faultText } from "../json/fault.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuthorityTrie } from "../commit/authority/trie.ts";
import type { PolicyRow } from "../store/rows.ts";
import type { PolicyChange } from "../store/store.ts";
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
  loaded: PolicyRow,
  { ring, randomBytes, store, trie, writeId }: RewrapInput,
): Promise<{ readonly change: PolicyChange; readonly trie: AuthorityTrie }> {
  const name = parsePolicyName(loaded.name);
  if (name === undefined) throw new SealError("malformed", "a policy has an invalid name");
  const policy = await verifyAuthorityRow(POLICIES, { ring, store, trie, name, row: loaded });
  if (policy === undefined) throw new SealError("inconsistent", `policy "${name}" is missing`);
  const checked = checkPolicy(policy);
  if (!checked.ok) throw new SealError("malformed", `policy "${name}": ${faultText(checked.fault)}`);
  const { version, createdAt, updatedAt } = policy;
  const { storeId, revision: base, epoch } = store;
  const place = { storeId, name, writeId, base, epoch, slot: slotOfRow(POLICIES, name).prefix, createdAt, updatedAt };
  const row = await sealPolicy({ ring, randomBytes }, checked.rules, place);
  return { change: { kind: "update", seen: version, row }, trie: withRow(POLICIES, trie, { name, row }) };
}
