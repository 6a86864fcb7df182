import { load } from "../store/load.ts";
import type { Query, Snapshot } from "../store/store.ts";
import type { WriteDeps } from "./deps.ts";
import { verifyStoreRow } from "./store-row.ts";

/**
 * Loads a snapshot with a verified store row, also if the newest audit entry is missing: for operations that only the superuser
 * may use, and that look for damage. The snapshot continues the bookmarks of the request.
 *
 * @throws SealError, StoreUnavailable, BookmarkRefused
 */
export async function loadVerified<const Q extends Query>(
  { store, ring, attempts, access }: Pick<WriteDeps, "store" | "ring" | "attempts" | "access">,
  query: Q,
): Promise<Snapshot<Q>> {
  const snapshot = await load(store, { ...access.query, ...query }, attempts);
  await verifyStoreRow(ring, snapshot);
  await access.permits(snapshot);
  return snapshot;
}
