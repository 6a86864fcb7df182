import { registerKey } from "../../../rotation/register.ts";
import { stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { operation } from "../operation.ts";
import { rotationDeps } from "./rotation-deps.ts";

/** `POST /v1/operator/register`: registers `keyId`, the first key of the ring. All later writes use it. */
export const register = operation({
  action: "operator.register",
  access: { on: "nothing" },
  deps: rotationDeps,
  parse(body: JsonObject) {
    const keyId = stringField(body, "keyId");
    return keyId.ok ? { keyId: keyId.value } : undefined;
  },
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, { keyId }) {
    const result = await registerKey(deps, { keyId, ...origin });
    return result.ok ? { ok: true, body: JSON.stringify(result.answer) } : result;
  },
});
