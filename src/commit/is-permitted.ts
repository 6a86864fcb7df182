import { type PathScope, UNRESTRICTED } from "../store/access.ts";
import { load } from "../store/load.ts";
import type { WriteDeps } from "./deps.ts";
import { verifyStore } from "./store-row.ts";

/**
 * Whether the caller may, where nothing else has to be known: of a request that cannot be carried out whatever the store
 * holds, nobody but those who may learns why. One round trip, none for those whom no policy restricts.
 *
 * @param scope a right to some paths counts as well
 * @throws SealError, StoreUnavailable
 */
export async function isPermitted({ store, ring, attempts, access }: WriteDeps, scope?: PathScope): Promise<boolean> {
  if (access === UNRESTRICTED) return true;
  const snapshot = await load(store, { ...access.query, ...scope?.query }, attempts);
  await verifyStore(ring, snapshot);
  return (await access.permits(snapshot)) || ((await scope?.read(snapshot))?.within.length ?? 0) > 0;
}
