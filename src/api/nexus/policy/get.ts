import { getPolicy } from "../../../policy/get.ts";
import { SYSTEM_ACL } from "../../../policy/reserved.ts";
import { stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { route } from "../route.ts";
import { wireTime, ZERO_TIME } from "../wire-time.ts";
import { policyResource } from "./policy-resource.ts";

/** `POST /v1/acl/policy?action=get`: one policy. `id` carries its name, as upstream has it. */
export const get = route({
  action: "policy.get",
  access: { on: SYSTEM_ACL, wanted: "read" },
  readShape(body: JsonObject) {
    const id = stringField(body, "id");
    return id.ok ? { name: id.value } : undefined;
  },
  resource: ({ name }) => policyResource(name),
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
      // The name that upstream's clients read, its slip included; beside it the one that put takes.
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
