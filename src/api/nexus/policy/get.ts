import { getPolicy } from "../../../policy/get.ts";
import { NAME_RULE, parsePolicyName } from "../../../policy/policy-name.ts";
import { SYSTEM_ACL } from "../../../policy/reserved.ts";
import { text } from "../../../json/member.ts";
import { operation } from "../operation.ts";
import { wireTime, ZERO_TIME } from "../wire-time.ts";
import { policyDeps } from "./policy-deps.ts";

/** `POST /v1/acl/policy?action=get`: one policy. `id` is its name, as in SPIKE. */
export const get = operation({
  action: "policy.get",
  access: { on: SYSTEM_ACL, wanted: "read" },
  isRead: true,
  deps: policyDeps,
  members: { id: text({ required: true, rule: NAME_RULE }) },
  resource: ({ id }) => parsePolicyName(id) && `policy:${id}`,
  errorBody: (err) => ({
    id: "",
    name: "",
    spiffiedPattern: "",
    pathPattern: "",
    permissions: null,
    createdAt: ZERO_TIME,
    updatedAt: ZERO_TIME,
    err,
  }),
  async run({ deps }, { id }) {
    const result = await getPolicy(deps, { name: id });
    if (!result.ok) return result;
    const { spiffeIdPattern, pathPattern, permissions, createdAt, updatedAt, version, revision } = result.answer;
    const body = {
      id,
      name: id,
      // SPIKE's clients read this name, typo included. The next one is the name that put accepts.
      spiffiedPattern: spiffeIdPattern,
      spiffeidPattern: spiffeIdPattern,
      pathPattern,
      permissions,
      createdAt: wireTime(createdAt),
      updatedAt: wireTime(updatedAt),
      version,
      revision,
    };
    return { ok: true, body: JSON.stringify(body) };
  },
});
