import { type Share, splitKey } from "../seal/shamir.ts";
import type { RecoveryDeps } from "./deps.ts";
import { withPrimaryRoot } from "./with-primary-root.ts";

/**
 * The Shamir shares of the primary root key, all of them, as SPIKE deals them: the same ones each time. Undefined where the
 * caller may not.
 *
 * @throws SealError, StoreUnavailable
 */
export async function recoverShares(deps: RecoveryDeps): Promise<readonly Share[] | undefined> {
  return await withPrimaryRoot(deps, async (root) => await splitKey(root, deps.split));
}
