import { parseTrustDomain } from "../../../identity/spiffe-id.ts";
import { listBundles, MAX_BUNDLES } from "../../../trust/list.ts";
import { integerField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { operation } from "../operation.ts";
import { bundleSummary } from "./bundle-summary.ts";
import { trustDeps } from "./trust-deps.ts";

/** `POST /v1/trust/bundle?action=list`: a page of the trust domains that have a stored bundle, after `after`. */
export const list = operation({
  action: "bundle.list",
  access: { on: "nothing" },
  deps: trustDeps,
  parse(body: JsonObject) {
    const after = stringField(body, "after");
    const limit = integerField(body, "limit");
    return after.ok && limit.ok ? { after: after.value, limit: limit.value ?? 0 } : undefined;
  },
  errorBody: (err) => ({ bundles: null, err }),
  async run({ deps }, { after, limit }) {
    const isValid = after === "" || parseTrustDomain(after) !== undefined;
    if (!isValid || limit < 0 || limit > MAX_BUNDLES) return await refuseIfPermitted(deps);
    const result = await listBundles(deps, { after, limit: limit === 0 ? MAX_BUNDLES : limit });
    if (!result.ok) return result;
    const { bundles, next, revision } = result.answer;
    return { ok: true, body: JSON.stringify({ bundles: bundles.map(bundleSummary), next, revision }) };
  },
});
