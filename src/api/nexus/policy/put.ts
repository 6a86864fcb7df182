import { putPolicy } from "../../../policy/put.ts";
import { NAME_RULE, parsePolicyName } from "../../../policy/policy-name.ts";
import { PATTERN_RULES } from "../../../policy/pattern.ts";
import { PERMISSIONS_RULE } from "../../../policy/permission.ts";
import { SYSTEM_ACL } from "../../../policy/reserved.ts";
import { integer, text, texts } from "../../../json/member.ts";
import { operation } from "../operation.ts";
import { policyDeps } from "./policy-deps.ts";

/** `POST /v1/acl/policy`: creates a policy, or replaces the policy with that name. */
export const put = operation({
  action: "policy.put",
  access: { on: SYSTEM_ACL, wanted: "write" },
  deps: policyDeps,
  members: {
    name: text({ required: true, rule: NAME_RULE }),
    spiffeidPattern: text({ required: true, rule: PATTERN_RULES.spiffeId }),
    pathPattern: text({ required: true, rule: PATTERN_RULES.path }),
    permissions: texts({ required: true, rule: PERMISSIONS_RULE }),
    cas: integer({ min: 0 }),
  },
  resource: ({ name }) => parsePolicyName(name) && `policy:${name}`,
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, { spiffeidPattern, ...wanted }) {
    const result = await putPolicy(deps, { ...wanted, spiffeIdPattern: spiffeidPattern, ...origin });
    if (!result.ok) return result;
    const { revision, warnings } = result.answer;
    // The row version of a policy is the revision of the commit that wrote it.
    return { ok: true, body: JSON.stringify({ id: wanted.name, version: revision, revision }), warnings };
  },
});
