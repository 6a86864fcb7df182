import { putPolicy } from "../../../policy/put.ts";
import { parsePolicyName } from "../../../policy/policy-name.ts";
import { SYSTEM_ACL } from "../../../policy/reserved.ts";
import { integerField, stringField, stringsField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { operation } from "../operation.ts";
import { policyDeps } from "./policy-deps.ts";

/** `POST /v1/acl/policy`: creates a policy, or replaces the policy with that name. */
export const put = operation({
  action: "policy.put",
  access: { on: SYSTEM_ACL, wanted: "write" },
  deps: policyDeps,
  parse(body: JsonObject) {
    const name = stringField(body, "name");
    const spiffeIdPattern = stringField(body, "spiffeidPattern");
    const pathPattern = stringField(body, "pathPattern");
    const permissions = stringsField(body, "permissions");
    const cas = integerField(body, "cas");
    if (!name.ok || !spiffeIdPattern.ok || !pathPattern.ok || !permissions.ok || !cas.ok) return undefined;
    return {
      name: name.value,
      spiffeIdPattern: spiffeIdPattern.value,
      pathPattern: pathPattern.value,
      permissions: permissions.value,
      cas: cas.value,
    };
  },
  resource: ({ name }) => parsePolicyName(name) && `policy:${name}`,
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, wanted) {
    if (wanted.cas !== undefined && wanted.cas < 0) return await refuseIfPermitted(deps);
    const result = await putPolicy(deps, { ...wanted, ...origin });
    if (!result.ok) return result;
    const { revision, warnings } = result.answer;
    // The row version of a policy is the revision of the commit that wrote it.
    return { ok: true, body: JSON.stringify({ id: wanted.name, version: revision, revision, warnings }) };
  },
});
