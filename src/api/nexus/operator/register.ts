import { registerKey } from "../../../rotation/register.ts";
import { stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { route } from "../route.ts";

/** `POST /v1/operator/register`: writes with the ring's first key, `keyId`, from now on. */
export const register = route({
  action: "operator.register",
  access: { on: "nothing" },
  readShape(body: JsonObject) {
    const keyId = stringField(body, "keyId");
    return keyId.ok ? { keyId: keyId.value } : undefined;
  },
  errorBody: (err) => ({ err }),
  async run({ deps, caller, idempotencyKey, traceId }, { keyId }) {
    const result = await registerKey(deps, { keyId, caller, idempotencyKey, traceId });
    return result.ok ? { ok: true, body: JSON.stringify(result.answer) } : result;
  },
});
