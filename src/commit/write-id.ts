import { encodeBase64url } from "../encoding/base64.ts";
import type { RandomBytes } from "../seal/data-key.ts";
import { encodeCanonical } from "../seal/encoding.ts";

/**
 * The write id of a request: 32 bytes in base64url. A write id is committed at most once.
 *
 * With an idempotency key, it depends only on the caller and the key. A repeated request gets the same write id on every
 * worker, and a caller cannot use up the write ids of another caller. Without a key, it is random.
 */
export async function writeIdOf(
  caller: string,
  idempotencyKey: string | undefined,
  randomBytes: RandomBytes,
): Promise<string> {
  if (idempotencyKey === undefined) return encodeBase64url(randomBytes(32));
  const digest = await crypto.subtle.digest("SHA-256", encodeCanonical("write_id", [caller, idempotencyKey]));
  return encodeBase64url(new Uint8Array(digest));
}
