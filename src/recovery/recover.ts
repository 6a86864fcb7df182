import { type Share, splitKey } from "../seal/shamir.ts";
import type { RecoveryRoom } from "./room.ts";
import { withPrimaryRoot } from "./with-primary-root.ts";

/**
 * The Shamir shares of the primary root key, all of them, as SPIKE deals them: the same ones each time. Undefined where the
 * caller may not.
 *
 * @throws SealError, StoreUnavailable
 */
export async function recoverShares(room: RecoveryRoom): Promise<readonly Share[] | undefined> {
  return await withPrimaryRoot(room, async (root) => await splitKey(root, room.split));
}
