import { encodeCanonical } from "../seal/encoding.ts";
import type { RingKey } from "../seal/key-ring.ts";
import type { Context } from "../seal/record.ts";
import type { Bytes, PolicyValues } from "../store/rows.ts";

/**
 * Binds a sealed policy to its row: every column except `version`, which the commit assigns, and `slot`, which the name
 * determines. A policy does not open under another name, with other tags or with other times.
 */
export function policyContext(storeId: string, policy: Omit<PolicyValues, "sealed" | "slot">): Context {
  const { name, writeId, base, epoch, idTag, pathTag, keyId, createdAt, updatedAt } = policy;
  return {
    label: "policies.sealed",
    fields: [storeId, name, writeId, base, epoch, idTag, pathTag, keyId, createdAt, updatedAt],
  };
}

/**
 * The tag by which a policy is looked up: HMAC-SHA256 of its index key (see `indexKey`) under the `tag` purpose. It is
 * keyed, so that the database does not reveal prefixes, and includes the side, so that tags of the two columns cannot be
 * compared. It depends on nothing stored: a request computes its tags before it has read anything.
 */
export async function keyTag(key: RingKey, side: "id" | "path", patternKey: string): Promise<Bytes> {
  return new Uint8Array(
    await crypto.subtle.sign("HMAC", key.tag, encodeCanonical(`policies.${side}_tag`, [patternKey])),
  );
}
