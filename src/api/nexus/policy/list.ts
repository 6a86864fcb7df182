import { listPolicies, MAX_POLICIES } from "../../../policy/list.ts";
import { NAME_RULE, parsePolicyName } from "../../../policy/policy-name.ts";
import { SYSTEM_ACL } from "../../../policy/reserved.ts";
import { integer, text } from "../../../json/member.ts";
import { operation } from "../operation.ts";
import { policyDeps } from "./policy-deps.ts";

/** `POST /v1/acl/policy?action=list`: the names of all policies, or of those with exactly the given patterns. */
export const list = operation({
  action: "policy.list",
  access: { on: SYSTEM_ACL, wanted: "list" },
  isRead: true,
  deps: policyDeps,
  members: {
    spiffeidPattern: text(),
    pathPattern: text(),
    after: text({ rule: NAME_RULE, isValid: (name) => parsePolicyName(name) !== undefined }),
    limit: integer({ min: 0, max: MAX_POLICIES }),
  },
  errorBody: (err) => ({ policies: null, err }),
  async run({ deps }, { spiffeidPattern, pathPattern, after, limit = 0 }) {
    const page = { after, limit: limit === 0 ? undefined : limit };
    const result = await listPolicies(deps, { spiffeIdPattern: spiffeidPattern, pathPattern, ...page });
    if (!result.ok) return result;
    const { policies, next, revision } = result.answer;
    const listed = policies.map(({ name, version }) => ({ id: name, name, version }));
    return { ok: true, body: JSON.stringify({ policies: listed, next, revision }) };
  },
});
