import type { RootKey } from "./root-key.ts";
import { SealError } from "./seal-error.ts";

/** The keys derived from one root key, one per purpose. Not extractable. */
export interface RingKey {
  readonly id: string;
  /** AES-256-GCM: wraps the data key of a secret. */
  readonly wrap: CryptoKey;
  /** AES-256-GCM: seals policies, and the cursors of lists. */
  readonly policy: CryptoKey;
  /** HMAC-SHA256: tags of the literal prefixes by which policies are looked up. */
  readonly tag: CryptoKey;
  /** HMAC-SHA256: MACs of rows and keyed digests of requests. */
  readonly mac: CryptoKey;
  /** AES-256-GCM: the cipher API. Opens no stored record. */
  readonly cipher: CryptoKey;
  /** Check value: 32 bytes that only this root key yields. Stored in the database to detect a wrong key. Not secret. */
  readonly check: Uint8Array<ArrayBuffer>;
}

/** The keys of all configured root keys, newest first. Rows are written under the primary key and read under any. */
export interface KeyRing {
  readonly primary: RingKey;
  readonly keys: readonly RingKey[];
}

/**
 * Derives the ring from its root keys by HKDF-SHA256 (RFC 5869), with one `info` per purpose, and overwrites the root keys
 * with zeros. The result depends on the input only, so a runtime may keep it.
 */
export async function deriveKeyRing(roots: readonly [RootKey, ...RootKey[]]): Promise<KeyRing> {
  const [primary, ...rest] = roots;
  const first = await deriveRingKey(primary);
  return { primary: first, keys: [first, ...(await Promise.all(rest.map(deriveRingKey)))] };
}

/** Returns the ring's key with this id, which is safe to log. @throws SealError if the ring lacks it */
export function requireRingKey(ring: KeyRing, id: string): RingKey {
  const key = ring.keys.find((candidate) => candidate.id === id);
  if (key === undefined) throw new SealError("unknown_key", `key id "${id}" is not in the ring`);
  return key;
}

async function deriveRingKey(root: RootKey): Promise<RingKey> {
  const secret = await crypto.subtle.importKey("raw", root.bytes, "HKDF", false, ["deriveKey", "deriveBits"]);
  const [wrap, policy, tag, mac, cipher, check] = await Promise.all([
    crypto.subtle.deriveKey(hkdf("wrap"), secret, AES, false, ["encrypt", "decrypt"]),
    crypto.subtle.deriveKey(hkdf("policy"), secret, AES, false, ["encrypt", "decrypt"]),
    crypto.subtle.deriveKey(hkdf("tag"), secret, HMAC, false, ["sign"]),
    crypto.subtle.deriveKey(hkdf("mac"), secret, HMAC, false, ["sign", "verify"]),
    crypto.subtle.deriveKey(hkdf("cipher"), secret, AES, false, ["encrypt", "decrypt"]),
    crypto.subtle.deriveBits(hkdf("check"), secret, 256),
  ]);
  root.bytes.fill(0);
  return { id: root.id, wrap, policy, tag, mac, cipher, check: new Uint8Array(check) };
}

const AES = { name: "AES-GCM", length: 256 } as const;
const HMAC = { name: "HMAC", hash: "SHA-256", length: 256 } as const;

/** No salt: root keys are uniformly random, and a salt would need storage outside the untrusted database. */
function hkdf(purpose: string): { name: string; hash: string; salt: Uint8Array<ArrayBuffer>; info: BufferSource } {
  const info = new TextEncoder().encode(`spike-edge/v1/${purpose}`);
  return { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
}
