import { authorityIn, verifyAuthorityRow } from "../commit/authority-row.ts";
import { loadPermitted } from "../commit/load-permitted.ts";
import { parseTrustDomain } from "../identity/spiffe-id.ts";
import { BUNDLES } from "./bundles.ts";
import type { TrustDeps } from "./deps.ts";
import { failed, type TrustResult } from "./failure.ts";
import type { StoredBundle } from "./stored-bundle.ts";

/** One stored bundle, and the store revision at which it was read. One round trip. @throws SealError, StoreUnavailable */
export async function getBundle(
  deps: TrustDeps,
  request: { readonly trustDomain: string },
): Promise<TrustResult<StoredBundle & { readonly revision: number }>> {
  const trustDomain = parseTrustDomain(request.trustDomain);
  const snapshot = await loadPermitted(deps, trustDomain === undefined ? {} : BUNDLES.query(trustDomain));
  if (snapshot === undefined) return failed("denied");
  if (trustDomain === undefined) return failed("not_found");
  const loaded = { ring: deps.ring, ...authorityIn(snapshot), name: trustDomain, row: snapshot.bundle?.row };
  const bundle = await verifyAuthorityRow(BUNDLES, loaded);
  return bundle ? { ok: true, answer: { ...bundle, revision: snapshot.store.revision } } : failed("not_found");
}
