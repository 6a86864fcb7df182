import { decrypt as decryptText } from "../../../cipher/decrypt.ts";
import { NONCE_BYTES, unframe, VERSION } from "../../../cipher/sealed-text.ts";
import { encodeBase64 } from "../../../encoding/base64.ts";
import { bytes, integer } from "../../../json/member.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { operation } from "../operation.ts";
import { cipherDeps } from "./cipher-deps.ts";

/** `POST /v1/cipher/decrypt`: decrypts what `encrypt` returned. An altered or foreign ciphertext is 400 in both modes. */
export const decrypt = operation({
  action: "cipher.decrypt",
  access: { on: "spike/system/cipher/exec", wanted: "execute", lite: true },
  isRead: true,
  deps: cipherDeps,
  members: {
    version: integer({ min: VERSION, max: VERSION, required: true }),
    nonce: bytes({ length: NONCE_BYTES }),
    ciphertext: bytes(),
  },
  errorBody: (err) => ({ plaintext: null, err }),
  unreadableOctets: "data_read_failure",
  async run({ deps }, { nonce, ciphertext }) {
    const result = await decryptText(deps, { nonce, ciphertext });
    return result.ok ? { ok: true, body: JSON.stringify({ plaintext: encodeBase64(result.answer) }) } : result;
  },
  async runOctets({ deps }, framed) {
    // SPIKE sends these errors as plain text (Go, http.Error).
    const sealed = unframe(framed);
    if (typeof sealed === "string") {
      const refusal = await refuseIfPermitted(deps, { member: "body", rule: "must be framed as encrypt returns it" });
      return refusal.failure.code === "denied" ? refusal : { ...refusal, text: sealed };
    }
    const result = await decryptText(deps, sealed);
    if (result.ok) return { ok: true, body: result.answer };
    return result.failure.code === "not_decrypted" ? { ...result, text: "decryption failed" } : result;
  },
});
