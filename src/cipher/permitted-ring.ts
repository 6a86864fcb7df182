import { loadPermitted } from "../commit/load-permitted.ts";
import { writingRing } from "../commit/store-row.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { CipherDeps } from "./deps.ts";

/**
 * Returns the ring whose primary is the current root key, or undefined if the caller has no permission. Reads the store even
 * for callers who need no policy, so that a wrong root key is detected before anything is encrypted under it. One round trip.
 *
 * @throws SealError, StoreUnavailable
 */
export async function permittedRing(deps: CipherDeps): Promise<KeyRing | undefined> {
  const snapshot = await loadPermitted(deps, {});
  return snapshot && writingRing(deps.ring, snapshot);
}
