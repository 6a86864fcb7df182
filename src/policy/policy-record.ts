import { encodeCanonical } from "../seal/encoding.ts";
import type { RingKey } from "../seal/key-ring.ts";
import type { Context } from "../seal/record.ts";
import type { Bytes, PolicyValues } from "../store/rows.ts";

/**
 * Binds a sealed policy to its row: every column but `version`, which the commit assigns. A policy moved under another
 * name, found by other tags or dated back does not open.
 */
export function policyContext(storeId: string, policy: Omit<PolicyValues, "sealed">): Context {
  const { name, writeId, epoch, idTag, pathTag, keyId, createdAt, updatedAt } = policy;
  return {
    label: "policies.sealed",
    fields: [storeId, name, writeId, epoch, idTag, pathTag, keyId, createdAt, updatedAt],
  };
}

/**
 * The tag under which a policy is found by one key, a literal prefix or a whole text: HMAC-SHA256 under the `tag` purpose. Keyed, so that the
 * database tells neither; by side, so that equal tags tell nothing across columns. Of the ring and the key alone: a
 * request has to know its tags before it has read anything.
 */
export async function keyTag(key: RingKey, side: "id" | "path", patternKey: string): Promise<Bytes> {
  return new Uint8Array(
    await crypto.subtle.sign("HMAC", key.tag, encodeCanonical(`policies.${side}_tag`, [patternKey])),
  );
}
