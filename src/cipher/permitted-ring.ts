import { verifyStore, writingRing } from "../commit/store-row.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { load } from "../store/load.ts";
import type { CipherDeps } from "./deps.ts";

/**
 * Returns the ring whose primary is the current root key, or undefined if the caller has no permission. Reads the store even
 * for callers who need no policy, so that a wrong root key is detected before anything is encrypted under it. One round trip.
 *
 * @throws SealError, StoreUnavailable
 */
export async function permittedRing({ store, ring, attempts, access }: CipherDeps): Promise<KeyRing | undefined> {
  const snapshot = await load(store, access.query, attempts);
  await verifyStore(ring, snapshot);
  return (await access.permits(snapshot)) ? writingRing(ring, snapshot) : undefined;
}
