import { getPolicy } from "../../../policy/get.ts";
import { parsePolicyName } from "../../../policy/policy-name.ts";
import { SYSTEM_ACL } from "../../../policy/reserved.ts";
import { stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { operation } from "../operation.ts";
import { wireTime, ZERO_TIME } from "../wire-time.ts";
import { policyDeps } from "./policy-deps.ts";

/** `POST /v1/acl/policy?action=get`: one policy. `id` is its name, as in SPIKE. */
export const get = operation({
  action: "policy.get",
  access: { on: SYSTEM_ACL, wanted: "read" },
  deps: policyDeps,
  parse(body: JsonObject) {
    const id = stringField(body, "id");
    return id.ok ? { name: id.value } : undefined;
  },
  resource: ({ name }) => parsePolicyName(name) && `policy:${name}`,
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
  async run({ deps }, { name }) {
    const result = await getPolicy(deps, { name });
    if (!result.ok) return result;
    const { spiffeIdPattern, pathPattern, permissions, createdAt, updatedAt, version, revision } = result.answer;
    const body = {
      id: name,
      name,
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
