import { parseTrustDomain } from "../../../identity/spiffe-id.ts";
import { listBundles, MAX_BUNDLES } from "../../../trust/list.ts";
import { integerField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { route } from "../route.ts";
import { bundleSummary } from "./bundle-summary.ts";

/** `POST /v1/trust/bundle?action=list`: the trust domains that have a stored bundle, from `after` on. */
export const list = route({
  action: "bundle.list",
  access: { on: "nothing" },
  readShape(body: JsonObject) {
    const after = stringField(body, "after");
    const limit = integerField(body, "limit");
    return after.ok && limit.ok ? { after: after.value, limit: limit.value ?? 0 } : undefined;
  },
  errorBody: (err) => ({ bundles: null, err }),
  async run(call, { after, limit }) {
    const readable = after === "" || parseTrustDomain(after) !== undefined;
    if (!readable || limit < 0 || limit > MAX_BUNDLES) return await refuseIfPermitted(call);
    const result = await listBundles(call.deps, { after, limit: limit === 0 ? MAX_BUNDLES : limit });
    if (!result.ok) return result;
    const { bundles, next, revision } = result.answer;
    return { ok: true, body: JSON.stringify({ bundles: bundles.map(bundleSummary), next, revision }) };
  },
});
