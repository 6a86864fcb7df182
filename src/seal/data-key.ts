import { type KeyRing, requireRingKey } from "./key-ring.ts";
import { type Context, openRecord, recordKeyId, sealRecord } from "./record.ts";

/** Cryptographically random bytes, fresh on every call. */
export type RandomBytes = (length: number) => Uint8Array<ArrayBuffer>;

/** The AES-256-GCM key of one secret, and its sealed form, which the database stores. */
export interface DataKey {
  readonly key: CryptoKey;
  readonly wrapped: Uint8Array<ArrayBuffer>;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;

/** Generates a data key and wraps it under the ring's primary key. */
export async function createDataKey(ring: KeyRing, context: Context, randomBytes: RandomBytes): Promise<DataKey> {
  return await wrap(randomBytes(KEY_BYTES), { ring, context, randomBytes });
}

/**
 * Unwraps a data key for writing. A key that is wrapped under another key than the primary is wrapped again, so that a write
 * depends on the primary key only. Values do not change.
 */
export async function renewDataKey(
  ring: KeyRing,
  wrapped: Uint8Array<ArrayBuffer>,
  options: { readonly context: Context; readonly randomBytes: RandomBytes },
): Promise<DataKey> {
  const raw = await unwrap(ring, wrapped, options.context);
  if (recordKeyId(wrapped) === ring.primary.id) return { key: await importRaw(raw), wrapped };
  return await wrap(raw, { ring, ...options });
}

/** Unwraps a data key for reading. @throws SealError if it does not open in this context */
export async function openDataKey(
  ring: KeyRing,
  wrapped: Uint8Array<ArrayBuffer>,
  context: Context,
): Promise<CryptoKey> {
  return await importRaw(await unwrap(ring, wrapped, context));
}

async function unwrap(
  ring: KeyRing,
  wrapped: Uint8Array<ArrayBuffer>,
  context: Context,
): Promise<Uint8Array<ArrayBuffer>> {
  return await openRecord((keyId) => requireRingKey(ring, keyId).wrap, wrapped, context);
}

async function wrap(
  raw: Uint8Array<ArrayBuffer>,
  to: { readonly ring: KeyRing; readonly context: Context; readonly randomBytes: RandomBytes },
): Promise<DataKey> {
  const { primary } = to.ring;
  const sealing = { id: primary.id, key: primary.wrap };
  const wrapped = await sealRecord(sealing, raw, { context: to.context, nonce: to.randomBytes(NONCE_BYTES) });
  return { key: await importRaw(raw), wrapped };
}

async function importRaw(raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  raw.fill(0);
  return key;
}
