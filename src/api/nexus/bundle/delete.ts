import { parseTrustDomain } from "../../../identity/spiffe-id.ts";
import { deleteBundle } from "../../../trust/delete.ts";
import { integer, text } from "../../../json/member.ts";
import { operation } from "../operation.ts";
import { TRUST_DOMAIN_RULE } from "../../../trust/storable-domain.ts";
import { trustDeps } from "./trust-deps.ts";

/** `POST /v1/trust/bundle?action=delete`: deletes the bundle of a trust domain. Its identities are refused from then on. */
export const remove = operation({
  action: "bundle.delete",
  access: { on: "nothing" },
  deps: trustDeps,
  members: { trustDomain: text({ rule: TRUST_DOMAIN_RULE }), cas: integer({ min: 0 }) },
  resource: ({ trustDomain }) => parseTrustDomain(trustDomain) && `bundle:${trustDomain}`,
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, { trustDomain, cas }) {
    const result = await deleteBundle(deps, { trustDomain, cas, ...origin });
    if (!result.ok) return result;
    // The domain has no bundle now. 0 is also the `cas` that the next put needs.
    return { ok: true, body: JSON.stringify({ version: 0, revision: result.answer.revision }) };
  },
});
