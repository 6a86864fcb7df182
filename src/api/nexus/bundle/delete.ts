import { parseTrustDomain } from "../../../identity/spiffe-id.ts";
import { deleteBundle } from "../../../trust/delete.ts";
import { integerField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { operation } from "../operation.ts";
import { trustDeps } from "./trust-deps.ts";

/** `POST /v1/trust/bundle?action=delete`: deletes the bundle of a trust domain. Its identities are refused from then on. */
export const remove = operation({
  action: "bundle.delete",
  access: { on: "nothing" },
  deps: trustDeps,
  parse(body: JsonObject) {
    const trustDomain = stringField(body, "trustDomain");
    const cas = integerField(body, "cas");
    return trustDomain.ok && cas.ok ? { trustDomain: trustDomain.value, cas: cas.value } : undefined;
  },
  resource: ({ trustDomain }) => parseTrustDomain(trustDomain) && `bundle:${trustDomain}`,
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, { trustDomain, cas }) {
    if (cas !== undefined && cas < 0) return await refuseIfPermitted(deps);
    const result = await deleteBundle(deps, { trustDomain, cas, ...origin });
    if (!result.ok) return result;
    // The domain has no bundle now. 0 is also the `cas` that the next put needs.
    return { ok: true, body: JSON.stringify({ version: 0, revision: result.answer.revision }) };
  },
});
