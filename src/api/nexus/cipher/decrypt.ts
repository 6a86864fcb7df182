import { decrypt as decryptText } from "../../../cipher/decrypt.ts";
import { NONCE_BYTES, type SealedText, unframe, VERSION } from "../../../cipher/sealed-text.ts";
import { encodeBase64 } from "../../../encoding/base64.ts";
import { bytesField, integerField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import type { Refusal } from "../failure.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { operation } from "../operation.ts";
import { cipherDeps } from "./cipher-deps.ts";

/** `POST /v1/cipher/decrypt`: decrypts what `encrypt` returned. An altered or foreign ciphertext is 400 in both modes. */
export const decrypt = operation({
  action: "cipher.decrypt",
  access: { on: "spike/system/cipher/exec", wanted: "execute", lite: true },
  deps: cipherDeps,
  parse(body: JsonObject) {
    const version = integerField(body, "version");
    const nonce = bytesField(body, "nonce");
    const ciphertext = bytesField(body, "ciphertext");
    if (!version.ok || !nonce.ok || !ciphertext.ok) return undefined;
    const isSupported = version.value === VERSION && nonce.value.length === NONCE_BYTES;
    const sealed: SealedText | string = isSupported
      ? { nonce: nonce.value, ciphertext: ciphertext.value }
      : "crypto_unsupported_version";
    return { sealed, octets: false };
  },
  parseOctets: (framed) => ({ sealed: unframe(framed), octets: true }),
  errorBody: (err) => ({ plaintext: null, err }),
  unreadableOctets: "data_read_failure",
  async run({ deps }, { sealed, octets }) {
    // In binary mode SPIKE sends these errors as plain text (Go, http.Error).
    const withText = (refusal: Refusal, text: string): Refusal => (octets ? { ...refusal, text } : refusal);
    if (typeof sealed === "string") {
      const refusal = await refuseIfPermitted(deps);
      return refusal.failure.code === "denied" ? refusal : withText(refusal, sealed);
    }
    const result = await decryptText(deps, sealed);
    if (!result.ok) return result.failure.code === "not_decrypted" ? withText(result, "decryption failed") : result;
    const plaintext = result.answer;
    return { ok: true, body: octets ? plaintext : JSON.stringify({ plaintext: encodeBase64(plaintext) }) };
  },
});
