import { base64url } from "jose";
import type { RandomBytes } from "../seal/data-key.ts";
import { encodeCanonical } from "../seal/encoding.ts";

/**
 * The name under which a change is committed at most once, as 32 bytes in base64url.
 *
 * With an idempotency key it depends on the caller and that key alone, so that the same request sent again, to whatever
 * worker, meets the first one. Nobody can occupy the write ids of another caller.
 */
export async function writeIdOf(
  caller: string,
  idempotencyKey: string | undefined,
  randomBytes: RandomBytes,
): Promise<string> {
  if (idempotencyKey === undefined) return base64url.encode(randomBytes(32));
  const digest = await crypto.subtle.digest("SHA-256", encodeCanonical("write_id", [caller, idempotencyKey]));
  return base64url.encode(new Uint8Array(digest));
}
