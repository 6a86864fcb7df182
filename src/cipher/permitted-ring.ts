import { verifyStore, writingRing } from "../commit/store-row.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { load } from "../store/load.ts";
import type { CipherDeps } from "./deps.ts";

/**
 * The ring, its primary the key that is written with, for a caller who may; undefined for others. Asks the store even where no
 * policy has to: a wrong root key is noticed before anything is encrypted under it. One round trip.
 *
 * @throws SealError, StoreUnavailable
 */
export async function permittedRing({ store, ring, attempts, access }: CipherDeps): Promise<KeyRing | undefined> {
  const snapshot = await load(store, access.query, attempts);
  await verifyStore(ring, snapshot);
  return (await access.permits(snapshot)) ? writingRing(ring, snapshot) : undefined;
}
