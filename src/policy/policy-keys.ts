import type { KeyRing } from "../seal/key-ring.ts";
import { SealError } from "../seal/seal-error.ts";
import type { RegisteredKey } from "../store/rows.ts";

/**
 * Requires that the ring has every key that policies depend on. Policies are looked up by tags under their key, so a policy
 * under a missing key is not found, and "denied" could be wrong.
 *
 * @throws SealError
 */
export function requirePolicyKeys(ring: KeyRing, registered: readonly RegisteredKey[]): void {
  const missing = registered.find(({ keyId, hasPolicies }) => hasPolicies && !ring.keys.some(({ id }) => id === keyId));
  if (missing === undefined) return;
  throw new SealError("unknown_key", `policies depend on key id "${missing.keyId}", which is not in the ring`);
}
