import type { WriteOrigin } from "../commit/audited-write.ts";
import { deleteAuthorityRow } from "../commit/delete-authority-row.ts";
import { isPermitted } from "../commit/is-permitted.ts";
import { parseTrustDomain } from "../identity/spiffe-id.ts";
import { BUNDLES } from "./bundles.ts";
import type { TrustDeps } from "./deps.ts";
import { failed, type TrustResult } from "./failure.ts";

/**
 * Deletes the bundle of a trust domain, and forgets its sequence number. After this commit, no identity of that domain is
 * authenticated. Also works for a domain that is static by now.
 *
 * @throws SealError, StoreUnavailable
 */
export async function deleteBundle(
  deps: TrustDeps,
  request: WriteOrigin & {
    readonly trustDomain: string;
    /** Expected row version. */
    readonly cas: number | undefined;
  },
): Promise<TrustResult<{ readonly revision: number }>> {
  const trustDomain = parseTrustDomain(request.trustDomain);
  if (trustDomain === undefined) return failed((await isPermitted(deps)) ? "not_found" : "denied");
  return await deleteAuthorityRow(BUNDLES, deps, {
    ...request,
    name: trustDomain,
    report: (fault) => deps.reportBundle({ trustDomain, ...fault }),
  });
}
