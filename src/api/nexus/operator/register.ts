import { registerKey } from "../../../rotation/register.ts";
import { text } from "../../../json/member.ts";
import { operation } from "../operation.ts";
import { rotationDeps } from "./rotation-deps.ts";

/** `POST /v1/operator/register`: registers `keyId`, the first key of the ring. All later writes use it. */
export const register = operation({
  action: "operator.register",
  access: { on: "nothing" },
  deps: rotationDeps,
  members: { keyId: text({ rule: { rule: "must be the first key of the ring" } }) },
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, { keyId }) {
    const result = await registerKey(deps, { keyId, ...origin });
    return result.ok ? { ok: true, body: JSON.stringify(result.answer) } : result;
  },
});
