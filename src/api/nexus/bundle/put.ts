import { parseTrustDomain } from "../../../identity/spiffe-id.ts";
import { putBundle } from "../../../trust/put.ts";
import { integerField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { operation } from "../operation.ts";
import { trustDeps } from "./trust-deps.ts";

/** `POST /v1/trust/bundle`: stores the bundle of a trust domain, or replaces it. */
export const put = operation({
  action: "bundle.put",
  access: { on: "nothing" },
  deps: trustDeps,
  parse(body: JsonObject) {
    const trustDomain = stringField(body, "trustDomain");
    const bundle = body.get("bundle");
    const endpointUrl = stringField(body, "endpointUrl");
    const endpointProfile = stringField(body, "endpointProfile");
    const cas = integerField(body, "cas");
    if (!trustDomain.ok || !endpointUrl.ok || !endpointProfile.ok || !cas.ok) return undefined;
    const type = bundle?.node.type ?? "null";
    if (type !== "null" && type !== "object") return undefined;
    return {
      trustDomain: trustDomain.value,
      // The text as sent: parsing would round large numbers.
      bundle: type === "null" ? undefined : bundle?.text,
      endpointUrl: endpointUrl.value,
      endpointProfile: endpointProfile.value,
      cas: cas.value,
    };
  },
  resource: ({ trustDomain }) => parseTrustDomain(trustDomain) && `bundle:${trustDomain}`,
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, wanted) {
    if (wanted.cas !== undefined && wanted.cas < 0) return await refuseIfPermitted(deps);
    const result = await putBundle(deps, { ...wanted, ...origin });
    if (!result.ok) return result;
    const { revision, ignored } = result.answer;
    const { trustDomain } = wanted;
    return { ok: true, body: JSON.stringify({ trustDomain, version: revision, revision, ignored }) };
  },
});
