import { auditedWrite, type WriteOrigin } from "../commit/audited-write.ts";
import { isPermitted } from "../commit/is-permitted.ts";
import { DELETION } from "../commit/authority-row.ts";
import { parseTrustDomain } from "../identity/spiffe-id.ts";
import { fail, type TrustResult } from "./failure.ts";
import type { TrustDeps } from "./deps.ts";
import { replaceableBundle } from "./verify-bundle.ts";

/**
 * Takes the bundle of a trust domain away: from this commit on nobody of that domain is known. The sequence is forgotten with
 * it. A domain that has become static since may be deleted too. @throws SealError, StoreUnavailable
 */
export async function deleteBundle(
  deps: TrustDeps,
  request: WriteOrigin & { readonly trustDomain: string; readonly cas: number | undefined },
): Promise<TrustResult<{ readonly revision: number }>> {
  const { cas } = request;
  const trustDomain = parseTrustDomain(request.trustDomain);
  if (trustDomain === undefined) return fail((await isPermitted(deps)) ? "not_found" : "denied");
  const write = {
    ...request,
    action: DELETION,
    resource: `bundle:${trustDomain}`,
    request: { label: "request", fields: ["bundle.delete", trustDomain, cas ?? null] },
  };
  return await auditedWrite(deps, write, {
    query: { bundle: { trustDomain } },
    tailOf: ({ bundle }) => bundle?.tail,
    parseOutcome: () => ({}),
    async decide({ store, now, bundle: view }) {
      const found = await replaceableBundle(deps.ring, store, { trustDomain, view, report: deps.reportBundle });
      if (found === undefined) return fail("not_found");
      if (cas !== undefined && cas !== found.version) return fail("version_conflict");
      const change = { bundle: { kind: "remove", seen: found.version, trustDomain } } as const;
      return { ok: true, change, authority: { auditFloor: store.auditFloor }, outcome: {}, now };
    },
  });
}
