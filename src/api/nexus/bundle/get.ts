import { getBundle } from "../../../trust/get.ts";
import { stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { route } from "../route.ts";
import { bundleResource } from "./bundle-resource.ts";
import { bundleSummary } from "./bundle-summary.ts";

/** `POST /v1/trust/bundle?action=get`: the stored bundle of one trust domain. */
export const get = route({
  action: "bundle.get",
  access: { on: "nothing" },
  readShape(body: JsonObject) {
    const trustDomain = stringField(body, "trustDomain");
    return trustDomain.ok ? { trustDomain: trustDomain.value } : undefined;
  },
  resource: ({ trustDomain }) => bundleResource(trustDomain),
  errorBody: (err) => ({ bundle: null, err }),
  async run({ deps }, asked) {
    const result = await getBundle(deps, asked);
    if (!result.ok) return result;
    const { revision, ...found } = result.answer;
    const summary = JSON.stringify({ ...bundleSummary(found), revision });
    // The text as it was stored, which is one JSON object.
    return { ok: true, body: `{"bundle":${found.row.bundle},${summary.slice(1)}` };
  },
});
