import { verifyStore, writingRing } from "../commit/store-row.ts";
import { load } from "../store/load.ts";
import type { RecoveryDeps } from "./deps.ts";

/**
 * Hands the root key that rows are written under to `use`, and wipes it afterwards. Only once the store has vouched for it by
 * its check value: shares of a wrong key would be worse than none. Undefined where the caller may not. One round trip.
 *
 * @throws SealError, StoreUnavailable
 */
export async function withPrimaryRoot<T>(
  deps: RecoveryDeps,
  use: (root: Uint8Array<ArrayBuffer>) => Promise<T>,
): Promise<T | undefined> {
  const { ring, access } = deps;
  const snapshot = await load(deps.store, access.query, deps.attempts);
  await verifyStore(ring, snapshot);
  if (!(await access.permits(snapshot))) return undefined;
  const { id } = writingRing(ring, snapshot).primary;
  const roots = deps.rootKeys();
  try {
    const root = roots.find((key) => key.id === id);
    if (root === undefined) throw new TypeError("a ring has a key that is none of its root keys");
    return await use(root.bytes);
  } finally {
    for (const { bytes } of roots) bytes.fill(0);
  }
}
