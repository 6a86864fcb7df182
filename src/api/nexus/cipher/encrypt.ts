import { encrypt as encryptText } from "../../../cipher/encrypt.ts";
import { frame, VERSION } from "../../../cipher/sealed-text.ts";
import { encodeBase64 } from "../../../encoding/base64.ts";
import { bytes } from "../../../json/member.ts";
import { operation } from "../operation.ts";
import { cipherDeps } from "./cipher-deps.ts";

/** `POST /v1/cipher/encrypt`: encrypts bytes, which are not stored (SPIKE, app/nexus/internal/route/cipher). */
export const encrypt = operation({
  action: "cipher.encrypt",
  access: { on: "spike/system/cipher/exec", wanted: "execute", lite: true },
  isRead: true,
  deps: cipherDeps,
  members: { plaintext: bytes() },
  errorBody: (err) => ({ version: 0, nonce: null, ciphertext: null, err }),
  async run({ deps }, { plaintext }) {
    const result = await encryptText(deps, plaintext);
    if (!result.ok) return result;
    const { nonce, ciphertext } = result.answer;
    const body = { version: VERSION, nonce: encodeBase64(nonce), ciphertext: encodeBase64(ciphertext) };
    return { ok: true, body: JSON.stringify(body) };
  },
  async runOctets({ deps }, plaintext) {
    const result = await encryptText(deps, plaintext);
    return result.ok ? { ok: true, body: frame(result.answer) } : result;
  },
});
