import { listPolicies, MAX_POLICIES } from "../../../policy/list.ts";
import { parsePolicyName } from "../../../policy/policy-name.ts";
import { SYSTEM_ACL } from "../../../policy/reserved.ts";
import { integerField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { operation } from "../operation.ts";
import { policyDeps } from "./policy-deps.ts";

/** `POST /v1/acl/policy?action=list`: the names of all policies, or of those with exactly the given patterns. */
export const list = operation({
  action: "policy.list",
  access: { on: SYSTEM_ACL, wanted: "list" },
  deps: policyDeps,
  parse(body: JsonObject) {
    const spiffeIdPattern = stringField(body, "spiffeidPattern");
    const pathPattern = stringField(body, "pathPattern");
    const after = stringField(body, "after");
    const limit = integerField(body, "limit");
    if (!spiffeIdPattern.ok || !pathPattern.ok || !after.ok || !limit.ok) return undefined;
    return {
      spiffeIdPattern: spiffeIdPattern.value,
      pathPattern: pathPattern.value,
      after: after.value,
      limit: limit.value ?? 0,
    };
  },
  errorBody: (err) => ({ policies: null, err }),
  async run({ deps }, { limit, ...filter }) {
    const isValid = filter.after === "" || parsePolicyName(filter.after) !== undefined;
    if (!isValid || limit < 0 || limit > MAX_POLICIES) return await refuseIfPermitted(deps);
    const result = await listPolicies(deps, { ...filter, limit: limit === 0 ? undefined : limit });
    if (!result.ok) return result;
    const { policies, next, revision } = result.answer;
    const listed = policies.map(({ name, version }) => ({ id: name, name, version }));
    return { ok: true, body: JSON.stringify({ policies: listed, next, revision }) };
  },
});
