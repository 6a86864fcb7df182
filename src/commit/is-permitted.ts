import type { PathScope } from "../store/access.ts";
import { load } from "../store/load.ts";
import type { WriteDeps } from "./deps.ts";
import { verifyStore } from "./store-row.ts";

/**
 * Whether the caller may do this, for a request that is malformed whatever the store holds. Only a permitted caller
 * learns that it is malformed; any other caller gets the usual 401. One round trip, or none if access is unrestricted.
 *
 * @param scope a permission on some paths is enough
 * @throws SealError, StoreUnavailable
 */
export async function isPermitted({ store, ring, attempts, access }: WriteDeps, scope?: PathScope): Promise<boolean> {
  if (access.isUnrestricted) return true;
  const snapshot = await load(store, { ...access.query, ...scope?.query }, attempts);
  await verifyStore(ring, snapshot);
  if ((await access.permits(snapshot)) !== undefined) return true;
  return ((await scope?.read(snapshot))?.within.length ?? 0) > 0;
}
