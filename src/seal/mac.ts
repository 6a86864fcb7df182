import { encodeCanonical } from "./encoding.ts";
import { type KeyRing, requireRingKey, type RingKey } from "./key-ring.ts";
import type { Context } from "./record.ts";
import { SealError } from "./seal-error.ts";

/** Computes HMAC-SHA256 (32 bytes) over the canonical encoding of `context`. */
export async function computeMac(key: RingKey, context: Context): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key.mac, encodeCanonical(context.label, context.fields)));
}

/** Whether `mac` is the MAC of `context`. The platform compares in constant time. */
export async function verifyMac(key: RingKey, context: Context, mac: Uint8Array<ArrayBuffer>): Promise<boolean> {
  return await crypto.subtle.verify("HMAC", key.mac, mac, encodeCanonical(context.label, context.fields));
}

/** @throws SealError if the ring lacks the key `keyId`, or if `mac` is not the MAC of `context` under that key */
export async function requireMac(
  ring: KeyRing,
  context: Context,
  claim: { readonly keyId: string; readonly mac: Uint8Array<ArrayBuffer> },
): Promise<void> {
  if (!(await verifyMac(requireRingKey(ring, claim.keyId), context, claim.mac))) {
    throw new SealError("not_authentic", `MAC of "${context.label}" does not verify`);
  }
}
