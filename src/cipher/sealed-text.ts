/** A ciphertext of the cipher API: AES-256-GCM without additional data, with the tag at the end. */
export interface SealedText {
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly ciphertext: Uint8Array<ArrayBuffer>;
}

/** The only version of the framing (SPIKE, app/nexus/internal/route/cipher). */
export const VERSION = 1;

export const NONCE_BYTES = 12;

/** Encodes a ciphertext as bytes: version (1) | nonce (12) | ciphertext and tag. SPIKE's format has no key id. */
export function frame({ nonce, ciphertext }: SealedText): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(1 + nonce.length + ciphertext.length);
  framed.set([VERSION]);
  framed.set(nonce, 1);
  framed.set(ciphertext, 1 + nonce.length);
  return framed;
}

/** Decodes the bytes of {@link frame}, or returns SPIKE's error code. */
export function unframe(
  framed: Uint8Array<ArrayBuffer>,
): SealedText | "crypto_failed_to_read_version" | "crypto_unsupported_version" | "crypto_failed_to_read_nonce" {
  const [version] = framed;
  if (version === undefined) return "crypto_failed_to_read_version";
  if (version !== VERSION) return "crypto_unsupported_version";
  if (framed.length < 1 + NONCE_BYTES) return "crypto_failed_to_read_nonce";
  return { nonce: framed.subarray(1, 1 + NONCE_BYTES), ciphertext: framed.subarray(1 + NONCE_BYTES) };
}
