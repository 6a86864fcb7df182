import { authorityIn, verifyAuthorityRow } from "../commit/authority-row.ts";
import { loadPermitted } from "../commit/load-permitted.ts";
import { reportSealError } from "../seal/report-seal-error.ts";
import type { BundleRow } from "../store/rows.ts";
import { BUNDLES } from "./bundles.ts";
import type { TrustDeps } from "./deps.ts";
import { failed, type TrustResult } from "./failure.ts";
import type { StoredBundle } from "./stored-bundle.ts";

/** Maximum number of bundles in one answer. */
export const MAX_BUNDLES = 100;

interface BundleList {
  readonly bundles: readonly StoredBundle[];
  /** The last trust domain that was examined, if there may be more. */
  readonly next: string | undefined;
  /** Revision of the store. */
  readonly revision: number;
}

/**
 * Stored bundles in the order of their trust domains, after `after` (exclusive), at most `limit`. A bundle that does not
 * verify is reported and left out, because it authenticates no identity. One round trip.
 *
 * @throws SealError, StoreUnavailable
 */
export async function listBundles(
  deps: Pick<TrustDeps, "store" | "ring" | "attempts" | "access" | "reportBundle">,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<TrustResult<BundleList>> {
  const snapshot = await loadPermitted(deps, { bundles: { after, limit } });
  if (snapshot === undefined) return failed("denied");
  const { store, bundles: page } = snapshot;
  const state = authorityIn(snapshot);
  const verify = async (row: BundleRow): Promise<StoredBundle | undefined> => {
    const { trustDomain } = row;
    const verified = verifyAuthorityRow(BUNDLES, { ring: deps.ring, ...state, name: trustDomain, row });
    return await reportSealError(verified, (fault) => deps.reportBundle({ trustDomain, ...fault }));
  };
  const bundles = (await Promise.all(page.rows.map(verify))).filter((bundle) => bundle !== undefined);
  const next = page.more || page.rows.length === limit ? page.rows.at(-1)?.trustDomain : undefined;
  return { ok: true, answer: { bundles, next, revision: store.revision } };
}
