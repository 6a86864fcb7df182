import { loadPermitted } from "../commit/load-permitted.ts";
import { writingRing } from "../commit/store-row.ts";
import type { RecoveryDeps } from "./deps.ts";

/**
 * The id of the root key that rows are written under. The store's check value has confirmed the key: shares of a wrong key would
 * be worse than none. Undefined if the caller has no permission. One round trip.
 *
 * @throws SealError, StoreUnavailable
 */
export async function readPrimaryId(deps: RecoveryDeps): Promise<string | undefined> {
  const snapshot = await loadPermitted(deps, {});
  return snapshot && writingRing(deps.ring, snapshot).primary.id;
}
