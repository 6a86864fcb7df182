import { deletePolicy } from "../../../policy/delete.ts";
import { NAME_RULE, parsePolicyName } from "../../../policy/policy-name.ts";
import { SYSTEM_ACL } from "../../../policy/reserved.ts";
import { integer, text } from "../../../json/member.ts";
import { operation } from "../operation.ts";
import { policyDeps } from "./policy-deps.ts";

/** `POST /v1/acl/policy?action=delete`: deletes a policy. `id` is its name, as in SPIKE. */
export const remove = operation({
  action: "policy.delete",
  access: { on: SYSTEM_ACL, wanted: "write" },
  deps: policyDeps,
  members: { id: text({ required: true, rule: NAME_RULE }), cas: integer({ min: 0 }) },
  resource: ({ id }) => parsePolicyName(id) && `policy:${id}`,
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, { id, cas }) {
    const result = await deletePolicy(deps, { name: id, cas, ...origin });
    if (!result.ok) return result;
    // No policy has that name now. 0 is also the `cas` that the next put needs.
    return { ok: true, body: JSON.stringify({ version: 0, revision: result.answer.revision }) };
  },
});
