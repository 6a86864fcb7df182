import type { RingKey } from "../seal/key-ring.ts";
import { type CipherResult, failed, tooLarge } from "./failure.ts";
import { permittedRing } from "./permitted-ring.ts";
import type { CipherDeps } from "./deps.ts";
import type { SealedText } from "./sealed-text.ts";

/**
 * Decrypts a ciphertext of the cipher API. The ciphertext does not name its key, so the keys of the ring are tried in order.
 * Stored records cannot be decrypted here, because they are sealed under keys for other purposes.
 *
 * @throws SealError, StoreUnavailable
 */
export async function decrypt(deps: CipherDeps, sealed: SealedText): Promise<CipherResult<Uint8Array<ArrayBuffer>>> {
  const ring = await permittedRing(deps);
  if (ring === undefined) return failed("denied");
  if (sealed.ciphertext.length > deps.maxCipherBytes) return tooLarge("ciphertext", deps.maxCipherBytes);
  for (const key of ring.keys) {
    const plaintext = await open(key, sealed);
    if (plaintext !== undefined) return { ok: true, answer: plaintext };
  }
  return failed("not_decrypted");
}

async function open(
  { cipher }: RingKey,
  { nonce, ciphertext }: SealedText,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const plaintext = await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce, tagLength: 128 }, cipher, ciphertext);
    return new Uint8Array(plaintext);
  } catch {
    return undefined;
  }
}
