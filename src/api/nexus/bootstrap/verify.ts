import { answerChallenge } from "../../../recovery/answer-challenge.ts";
import { bytes } from "../../../json/member.ts";
import { refused } from "../failure.ts";
import { operation } from "../operation.ts";
import { recoveryDeps } from "../recovery-deps.ts";

const NONCE_BYTES = 12;

/** SPIKE's fixed limit. It does not depend on the limit of the cipher API. */
const MAX_BYTES = 65_536;

/** `POST /v1/bootstrap/verify`: proves that the service has the root key (SPIKE, route/bootstrap). */
export const verify = operation({
  action: "bootstrap.verify",
  access: { on: "role", role: "bootstrap" },
  deps: recoveryDeps,
  members: { nonce: bytes({ length: NONCE_BYTES }), ciphertext: bytes({ max: MAX_BYTES }) },
  errorBody: (err) => ({ hash: "", err }),
  async run({ deps }, { nonce, ciphertext }) {
    const hash = await answerChallenge(deps, { nonce, ciphertext });
    return hash === undefined ? refused("denied") : { ok: true, body: JSON.stringify({ hash }) };
  },
});
