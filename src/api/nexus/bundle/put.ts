import { parseTrustDomain } from "../../../identity/spiffe-id.ts";
import { putBundle } from "../../../trust/put.ts";
import { MAX_BUNDLE_CHARACTERS, MAX_ENTRIES } from "../../../trust/stored-bundle.ts";
import { integer, objectText, text } from "../../../json/member.ts";
import { operation } from "../operation.ts";
import { TRUST_DOMAIN_RULE } from "../../../trust/storable-domain.ts";
import { trustDeps } from "./trust-deps.ts";

/** `POST /v1/trust/bundle`: stores the bundle of a trust domain, or replaces it. */
export const put = operation({
  action: "bundle.put",
  access: { on: "nothing" },
  deps: trustDeps,
  members: {
    trustDomain: text({ required: true, rule: TRUST_DOMAIN_RULE }),
    bundle: objectText({
      rule: `must be a SPIFFE bundle of at most ${MAX_BUNDLE_CHARACTERS} characters and ${MAX_ENTRIES} entries`,
    }),
    endpointUrl: text({ rule: { rule: "must be an https URL without user, password or fragment" } }),
    endpointProfile: text({ rule: { rule: "must be https_web" } }),
    cas: integer({ min: 0 }),
  },
  resource: ({ trustDomain }) => parseTrustDomain(trustDomain) && `bundle:${trustDomain}`,
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, wanted) {
    const result = await putBundle(deps, { ...wanted, ...origin });
    if (!result.ok) return result;
    const { revision, ignored } = result.answer;
    const { trustDomain } = wanted;
    return { ok: true, body: JSON.stringify({ trustDomain, version: revision, revision, ignored }) };
  },
});
