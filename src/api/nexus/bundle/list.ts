import { parseTrustDomain } from "../../../identity/spiffe-id.ts";
import { listBundles, MAX_BUNDLES } from "../../../trust/list.ts";
import { integer, text } from "../../../json/member.ts";
import { operation } from "../operation.ts";
import { bundleSummary } from "./bundle-summary.ts";
import { TRUST_DOMAIN_RULE } from "../../../trust/storable-domain.ts";
import { trustDeps } from "./trust-deps.ts";

/** `POST /v1/trust/bundle?action=list`: a page of the trust domains that have a stored bundle, after `after`. */
export const list = operation({
  action: "bundle.list",
  access: { on: "nothing" },
  isRead: true,
  deps: trustDeps,
  members: {
    after: text({ rule: TRUST_DOMAIN_RULE, isValid: (name) => parseTrustDomain(name) !== undefined }),
    limit: integer({ min: 0, max: MAX_BUNDLES }),
  },
  errorBody: (err) => ({ bundles: null, err }),
  async run({ deps }, { after, limit = 0 }) {
    const result = await listBundles(deps, { after, limit: limit === 0 ? MAX_BUNDLES : limit });
    if (!result.ok) return result;
    const { bundles, next, revision } = result.answer;
    return { ok: true, body: JSON.stringify({ bundles: bundles.map(bundleSummary), next, revision }) };
  },
});
