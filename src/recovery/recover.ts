import { type Share, splitKey } from "../seal/shamir.ts";
import type { RecoveryDeps } from "./deps.ts";
import { withPrimaryRoot } from "./with-primary-root.ts";

/**
 * Returns all Shamir shares of the current root key, as SPIKE computes them: the same ones each time. Returns undefined if the
 * caller has no permission.
 *
 * @throws SealError, StoreUnavailable
 */
export async function recoverShares(deps: RecoveryDeps): Promise<readonly Share[] | undefined> {
  return await withPrimaryRoot(deps, async (root) => await splitKey(root, deps.split));
}
