import { refreshBundle } from "../../../trust/refresh.ts";
import { stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { route } from "../route.ts";
import { bundleResource } from "./bundle-resource.ts";

/** `POST /v1/trust/bundle?action=refresh`: fetches a bundle from its endpoint now, instead of when it is due. */
export const refresh = route({
  action: "bundle.refresh",
  access: { on: "nothing" },
  readShape(body: JsonObject) {
    const trustDomain = stringField(body, "trustDomain");
    return trustDomain.ok ? { trustDomain: trustDomain.value } : undefined;
  },
  resource: ({ trustDomain }) => bundleResource(trustDomain),
  errorBody: (err) => ({ err }),
  async run({ deps, caller, traceId, fetch, timeoutMs }, asked) {
    // The other half of the time is for storing what comes.
    const result = await refreshBundle(deps, { ...asked, caller, traceId }, { fetch, timeoutMs: timeoutMs / 2 });
    return result.ok ? { ok: true, body: JSON.stringify(result.answer) } : result;
  },
});
