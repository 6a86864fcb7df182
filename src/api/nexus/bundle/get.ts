import { parseTrustDomain } from "../../../identity/spiffe-id.ts";
import { getBundle } from "../../../trust/get.ts";
import { text } from "../../../json/member.ts";
import { operation } from "../operation.ts";
import { bundleSummary } from "./bundle-summary.ts";
import { TRUST_DOMAIN_RULE } from "../../../trust/storable-domain.ts";
import { trustDeps } from "./trust-deps.ts";

/** `POST /v1/trust/bundle?action=get`: the stored bundle of one trust domain. */
export const get = operation({
  action: "bundle.get",
  access: { on: "nothing" },
  isRead: true,
  deps: trustDeps,
  members: { trustDomain: text({ rule: TRUST_DOMAIN_RULE }) },
  resource: ({ trustDomain }) => parseTrustDomain(trustDomain) && `bundle:${trustDomain}`,
  errorBody: (err) => ({ bundle: null, err }),
  async run({ deps }, input) {
    const result = await getBundle(deps, input);
    if (!result.ok) return result;
    const { revision, ...found } = result.answer;
    const summary = JSON.stringify({ ...bundleSummary(found), revision });
    // The stored text is a JSON object. It is not parsed again.
    return { ok: true, body: `{"bundle":${found.row.bundle},${summary.slice(1)}` };
  },
});
