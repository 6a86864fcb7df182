import { decrypt as decryptText } from "../../../cipher/decrypt.ts";
import { NONCE_BYTES, type SealedText, unframe, VERSION } from "../../../cipher/sealed-text.ts";
import { encodeBase64 } from "../../../encoding/base64.ts";
import { bytesField, integerField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import type { Answer } from "../failure.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { route } from "../route.ts";

/** `POST /v1/cipher/decrypt`: the other way round. What was altered, or is not ours, is 400 in both modes. */
export const decrypt = route({
  action: "cipher.decrypt",
  access: { on: "spike/system/cipher/exec", wanted: "execute", lite: true },
  readShape(body: JsonObject) {
    const version = integerField(body, "version");
    const nonce = bytesField(body, "nonce");
    const ciphertext = bytesField(body, "ciphertext");
    if (!version.ok || !nonce.ok || !ciphertext.ok) return undefined;
    const isOurs = version.value === VERSION && nonce.value.length === NONCE_BYTES;
    const sealed: SealedText | string = isOurs
      ? { nonce: nonce.value, ciphertext: ciphertext.value }
      : "crypto_unsupported_version";
    return { sealed, octets: false };
  },
  readOctets: (framed) => ({ sealed: unframe(framed), octets: true }),
  errorBody: (err) => ({ plaintext: null, err }),
  octetFault: "data_read_failure",
  async run(call, { sealed, octets }) {
    // The one error that upstream gives as text (Go, http.Error): what is wrong with the framing.
    const told = (answer: Answer, text: string): Answer => (octets && !answer.ok ? { ...answer, text } : answer);
    if (typeof sealed === "string") {
      const refusal = await refuseIfPermitted(call);
      return !refusal.ok && refusal.failure.code === "denied" ? refusal : told(refusal, sealed);
    }
    const result = await decryptText(call.deps, sealed);
    if (!result.ok) return result.failure.code === "not_decrypted" ? told(result, "decryption failed") : result;
    const plaintext = result.answer;
    return { ok: true, body: octets ? plaintext : JSON.stringify({ plaintext: encodeBase64(plaintext) }) };
  },
});
