import { deletePolicy } from "../../../policy/delete.ts";
import { parsePolicyName } from "../../../policy/policy-name.ts";
import { SYSTEM_ACL } from "../../../policy/reserved.ts";
import { integerField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { operation } from "../operation.ts";
import { policyDeps } from "./policy-deps.ts";

/** `POST /v1/acl/policy?action=delete`: deletes a policy. `id` is its name, as in SPIKE. */
export const remove = operation({
  action: "policy.delete",
  access: { on: SYSTEM_ACL, wanted: "write" },
  deps: policyDeps,
  parse(body: JsonObject) {
    const id = stringField(body, "id");
    const cas = integerField(body, "cas");
    return id.ok && cas.ok ? { name: id.value, cas: cas.value } : undefined;
  },
  resource: ({ name }) => parsePolicyName(name) && `policy:${name}`,
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, { name, cas }) {
    if (cas !== undefined && cas < 0) return await refuseIfPermitted(deps);
    const result = await deletePolicy(deps, { name, cas, ...origin });
    if (!result.ok) return result;
    // No policy has that name now. 0 is also the `cas` that the next put needs.
    return { ok: true, body: JSON.stringify({ version: 0, revision: result.answer.revision }) };
  },
});
