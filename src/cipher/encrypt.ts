import { type CipherResult, failed, tooLarge } from "./failure.ts";
import { permittedRing } from "./permitted-ring.ts";
import type { CipherDeps } from "./deps.ts";
import { NONCE_BYTES, type SealedText } from "./sealed-text.ts";

const TAG_BYTES = 16;

/**
 * Encrypts under the `cipher` key of the current root key. Stores nothing.
 *
 * With random nonces, one key may encrypt 2^32 messages (NIST SP 800-38D, section 8.3). The service cannot count them,
 * because it keeps nothing: operators must rotate the root key before that.
 *
 * @throws SealError, StoreUnavailable
 */
export async function encrypt(deps: CipherDeps, plaintext: Uint8Array<ArrayBuffer>): Promise<CipherResult<SealedText>> {
  const ring = await permittedRing(deps);
  if (ring === undefined) return failed("denied");
  // The limit applies to the ciphertext, so that everything that can be encrypted can be decrypted.
  const maxBytes = deps.maxCipherBytes - TAG_BYTES;
  if (plaintext.length > maxBytes) return tooLarge("plaintext", maxBytes);
  const nonce = deps.randomBytes(NONCE_BYTES);
  const algorithm = { name: "AES-GCM", iv: nonce, tagLength: TAG_BYTES * 8 };
  const ciphertext = await crypto.subtle.encrypt(algorithm, ring.primary.cipher, plaintext);
  return { ok: true, answer: { nonce, ciphertext: new Uint8Array(ciphertext) } };
}
