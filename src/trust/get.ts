import { verifyStore } from "../commit/store-row.ts";
import { parseTrustDomain } from "../identity/spiffe-id.ts";
import { load } from "../store/load.ts";
import { fail, type TrustResult } from "./failure.ts";
import type { TrustDeps } from "./deps.ts";
import type { StoredBundle } from "./stored-bundle.ts";
import { verifyBundle } from "./verify-bundle.ts";

/** One stored bundle, with the revision of the store that it was read at. One round trip. @throws SealError, StoreUnavailable */
export async function getBundle(
  deps: TrustDeps,
  asked: { readonly trustDomain: string },
): Promise<TrustResult<StoredBundle & { readonly revision: number }>> {
  const trustDomain = parseTrustDomain(asked.trustDomain);
  const query = { ...deps.access.query, ...(trustDomain && { bundle: { trustDomain } }) };
  const snapshot = await load(deps.store, query, deps.attempts);
  await verifyStore(deps.ring, snapshot);
  if (!(await deps.access.permits(snapshot))) return fail("denied");
  if (trustDomain === undefined || snapshot.bundle === undefined) return fail("not_found");
  const { store, bundle: view } = snapshot;
  const found = await verifyBundle(deps.ring, store, { trustDomain, view });
  return found ? { ok: true, answer: { ...found, revision: store.revision } } : fail("not_found");
}
