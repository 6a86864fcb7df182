import type { KeyRing } from "../seal/key-ring.ts";
import { SealError } from "../seal/seal-error.ts";
import type { RegisteredKey } from "../store/rows.ts";

/**
 * Whether policies can be found at all: they are found by tags under their keys, so those under a key that the ring lacks are
 * silently missed. "Denied" could then be untrue, and nobody would be told why.
 *
 * @throws SealError
 */
export function requirePolicyKeys(ring: KeyRing, registered: readonly RegisteredKey[]): void {
  const missing = registered.find(({ keyId, hasPolicies }) => hasPolicies && !ring.keys.some(({ id }) => id === keyId));
  if (missing === undefined) return;
  throw new SealError("unknown_key", `policies depend on key id "${missing.keyId}", which is not in the ring`);
}
