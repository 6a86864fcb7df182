import { parseTrustDomain } from "../../../identity/spiffe-id.ts";
import { getBundle } from "../../../trust/get.ts";
import { stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { operation } from "../operation.ts";
import { bundleSummary } from "./bundle-summary.ts";
import { trustDeps } from "./trust-deps.ts";

/** `POST /v1/trust/bundle?action=get`: the stored bundle of one trust domain. */
export const get = operation({
  action: "bundle.get",
  access: { on: "nothing" },
  deps: trustDeps,
  parse(body: JsonObject) {
    const trustDomain = stringField(body, "trustDomain");
    return trustDomain.ok ? { trustDomain: trustDomain.value } : undefined;
  },
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
