import { deleteBundle } from "../../../trust/delete.ts";
import { integerField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { route } from "../route.ts";
import { bundleResource } from "./bundle-resource.ts";

/** `POST /v1/trust/bundle?action=delete`: takes the bundle of a trust domain away, and with it all its identities. */
export const remove = route({
  action: "bundle.delete",
  access: { on: "nothing" },
  readShape(body: JsonObject) {
    const trustDomain = stringField(body, "trustDomain");
    const cas = integerField(body, "cas");
    return trustDomain.ok && cas.ok ? { trustDomain: trustDomain.value, cas: cas.value } : undefined;
  },
  resource: ({ trustDomain }) => bundleResource(trustDomain),
  errorBody: (err) => ({ err }),
  async run(call, asked) {
    if (asked.cas !== undefined && asked.cas < 0) return await refuseIfPermitted(call);
    const { deps, caller, idempotencyKey, traceId } = call;
    const result = await deleteBundle(deps, { ...asked, caller, idempotencyKey, traceId });
    if (!result.ok) return result;
    // 0 = none: what `cas` has to be for the next put of that domain.
    return { ok: true, body: JSON.stringify({ version: 0, revision: result.answer.revision }) };
  },
});
