import { loadPermitted } from "../commit/load-permitted.ts";
import { writingRing } from "../commit/store-row.ts";
import type { RecoveryDeps } from "./deps.ts";

/**
 * Calls `use` with the root key that rows are written under, and overwrites the key afterwards. The store's check value must
 * confirm the key first: shares of a wrong key would be worse than none. Returns undefined if the caller has no permission.
 * One round trip.
 *
 * @throws SealError, StoreUnavailable
 */
export async function withPrimaryRoot<T>(
  deps: RecoveryDeps,
  use: (root: Uint8Array<ArrayBuffer>) => Promise<T>,
): Promise<T | undefined> {
  const snapshot = await loadPermitted(deps, {});
  if (snapshot === undefined) return undefined;
  const { id } = writingRing(deps.ring, snapshot).primary;
  const roots = deps.rootKeys();
  try {
    const root = roots.find((key) => key.id === id);
    if (root === undefined) throw new TypeError("Cannot find the root key of a ring key");
    return await use(root.bytes);
  } finally {
    for (const { bytes } of roots) bytes.fill(0);
  }
}
