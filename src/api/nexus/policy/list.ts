import { listPolicies, MAX_POLICIES } from "../../../policy/list.ts";
import { parsePolicyName } from "../../../policy/policy-name.ts";
import { SYSTEM_ACL } from "../../../policy/reserved.ts";
import { integerField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { route } from "../route.ts";

/** `POST /v1/acl/policy?action=list`: names of all policies, or of those with exactly that pattern. */
export const list = route({
  action: "policy.list",
  access: { on: SYSTEM_ACL, wanted: "list" },
  readShape(body: JsonObject) {
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
  async run(call, { limit, ...asked }) {
    const readable = asked.after === "" || parsePolicyName(asked.after) !== undefined;
    if (!readable || limit < 0 || limit > MAX_POLICIES) return await refuseIfPermitted(call);
    const result = await listPolicies(call.deps, { ...asked, limit: limit === 0 ? undefined : limit });
    if (!result.ok) return result;
    const { policies, next, revision } = result.answer;
    const listed = policies.map(({ name, version }) => ({ id: name, name, version }));
    return { ok: true, body: JSON.stringify({ policies: listed, next, revision }) };
  },
});
