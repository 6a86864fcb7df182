import { deletePolicy } from "../../../policy/delete.ts";
import { SYSTEM_ACL } from "../../../policy/reserved.ts";
import { integerField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { route } from "../route.ts";
import { policyResource } from "./policy-resource.ts";

/** `POST /v1/acl/policy?action=delete`: takes a policy away. `id` carries its name, as upstream has it. */
export const remove = route({
  action: "policy.delete",
  access: { on: SYSTEM_ACL, wanted: "write" },
  readShape(body: JsonObject) {
    const id = stringField(body, "id");
    const cas = integerField(body, "cas");
    return id.ok && cas.ok ? { name: id.value, cas: cas.value } : undefined;
  },
  resource: ({ name }) => policyResource(name),
  errorBody: (err) => ({ err }),
  async run(call, { name, cas }) {
    if (cas !== undefined && cas < 0) return await refuseIfPermitted(call);
    const { deps, caller, idempotencyKey, traceId } = call;
    const result = await deletePolicy(deps, { name, cas, caller, idempotencyKey, traceId });
    if (!result.ok) return result;
    // 0 = none: what `cas` has to be for the next put of that name.
    return { ok: true, body: JSON.stringify({ version: 0, revision: result.answer.revision }) };
  },
});
