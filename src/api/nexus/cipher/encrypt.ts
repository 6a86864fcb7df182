import { encrypt as encryptText } from "../../../cipher/encrypt.ts";
import { frame, VERSION } from "../../../cipher/sealed-text.ts";
import { encodeBase64 } from "../../../encoding/base64.ts";
import { bytesField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { operation } from "../operation.ts";
import { cipherDeps } from "./cipher-deps.ts";

/** `POST /v1/cipher/encrypt`: encrypts bytes, which are not stored (SPIKE, app/nexus/internal/route/cipher). */
export const encrypt = operation({
  action: "cipher.encrypt",
  access: { on: "spike/system/cipher/exec", wanted: "execute", lite: true },
  deps: cipherDeps,
  parse(body: JsonObject) {
    const plaintext = bytesField(body, "plaintext");
    return plaintext.ok ? { plaintext: plaintext.value, octets: false } : undefined;
  },
  parseOctets: (plaintext) => ({ plaintext, octets: true }),
  errorBody: (err) => ({ version: 0, nonce: null, ciphertext: null, err }),
  async run({ deps }, { plaintext, octets }) {
    const result = await encryptText(deps, plaintext);
    if (!result.ok) return result;
    if (octets) return { ok: true, body: frame(result.answer) };
    const { nonce, ciphertext } = result.answer;
    const body = { version: VERSION, nonce: encodeBase64(nonce), ciphertext: encodeBase64(ciphertext) };
    return { ok: true, body: JSON.stringify(body) };
  },
});
