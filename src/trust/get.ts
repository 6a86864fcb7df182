import { verifyStore } from "../audit/store-row.ts";
import { parseTrustDomain } from "../identity/spiffe-id.ts";
import { load } from "../store/load.ts";
import { failed, type TrustResult } from "./failure.ts";
import type { TrustRoom } from "./room.ts";
import type { StoredBundle } from "./stored-bundle.ts";
import { verifyBundle } from "./verify-bundle.ts";

/** One stored bundle, with the revision of the store that it was read at. One round trip. @throws SealError, StoreUnavailable */
export async function getBundle(
  room: TrustRoom,
  asked: { readonly trustDomain: string },
): Promise<TrustResult<StoredBundle & { readonly revision: number }>> {
  const trustDomain = parseTrustDomain(asked.trustDomain);
  const query = { ...room.access.query, ...(trustDomain && { bundle: { trustDomain } }) };
  const snapshot = await load(room.store, query, room.attempts);
  await verifyStore(room.ring, snapshot);
  if (!(await room.access.permits(snapshot))) return failed("denied");
  if (trustDomain === undefined || snapshot.bundle === undefined) return failed("not_found");
  const { store, bundle: view } = snapshot;
  const found = await verifyBundle(room.ring, store, { trustDomain, view });
  return found ? { ok: true, answer: { ...found, revision: store.revision } } : failed("not_found");
}
