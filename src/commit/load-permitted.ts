import { load } from "../store/load.ts";
import type { Query, Snapshot } from "../store/store.ts";
import type { WriteDeps } from "./deps.ts";
import { verifyStore } from "./store-row.ts";

/**
 * Loads a snapshot with a verified store row. Undefined if the caller may not do this. One round trip.
 *
 * @throws SealError, StoreUnavailable
 */
export async function loadPermitted<const Q extends Query>(
  { store, ring, attempts, access }: Pick<WriteDeps, "store" | "ring" | "attempts" | "access">,
  query: Q,
): Promise<Snapshot<Q> | undefined> {
  const snapshot = await load(store, { ...access.query, ...query }, attempts);
  await verifyStore(ring, snapshot);
  return (await access.permits(snapshot)) === undefined ? undefined : snapshot;
}
