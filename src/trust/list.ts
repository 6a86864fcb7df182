import { verifyStore } from "../commit/store-row.ts";
import { reportSealError } from "../seal/report-seal-error.ts";
import { load } from "../store/load.ts";
import type { BundleView } from "../store/store.ts";
import { fail, type TrustResult } from "./failure.ts";
import type { TrustDeps } from "./deps.ts";
import type { StoredBundle } from "./stored-bundle.ts";
import { verifyBundle } from "./verify-bundle.ts";

/** The most bundles one answer holds. */
export const MAX_BUNDLES = 100;

/** `next`: the last trust domain that was looked at, where there may be more. `revision`: the store's. */
interface BundleList {
  readonly bundles: readonly StoredBundle[];
  readonly next: string | undefined;
  readonly revision: number;
}

/**
 * Stored bundles by trust domain, from `after` (exclusive) on, `limit` at most. One that does not verify is left out and
 * reported: it vouches for nobody either. One round trip. @throws SealError, StoreUnavailable
 */
export async function listBundles(
  deps: Pick<TrustDeps, "store" | "ring" | "attempts" | "access" | "reportBundle">,
  asked: { readonly after: string; readonly limit: number },
): Promise<TrustResult<BundleList>> {
  const { after, limit } = asked;
  const snapshot = await load(deps.store, { ...deps.access.query, bundles: { after, limit } }, deps.attempts);
  await verifyStore(deps.ring, snapshot);
  if (!(await deps.access.permits(snapshot))) return fail("denied");
  const { store, bundles } = snapshot;
  const verify = async (view: BundleView): Promise<StoredBundle | undefined> => {
    const trustDomain = view.row?.trustDomain ?? "";
    return await reportSealError(verifyBundle(deps.ring, store, { trustDomain, view }), (fault) =>
      deps.reportBundle({ trustDomain, ...fault }),
    );
  };
  const found = (await Promise.all(bundles.map(verify))).filter((bundle) => bundle !== undefined);
  const next = bundles.length === limit ? bundles.at(-1)?.row?.trustDomain : undefined;
  return { ok: true, answer: { bundles: found, next, revision: store.revision } };
}
