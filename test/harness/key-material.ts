import { createCipheriv } from "node:crypto";
import { splitKey } from "../../src/seal/shamir.ts";
import { KEY_A, ringOf } from "./service.ts";

const rootOf = (key: string) => Uint8Array.from(Buffer.from(key.slice(key.indexOf(":") + 1), "base64url"));

/** Share 1 of a root key, in SPIKE's wire format. */
export async function firstShard(key = KEY_A): Promise<{ readonly id: number; readonly shard: readonly number[] }> {
  const [first] = await splitKey(rootOf(key), { threshold: 2, shares: 3 });
  return { id: 1, shard: [...first!.value] };
}

/** The challenge of SPIKE's bootstrap: `text` encrypted directly under the root key. It proves that the key has arrived. */
export function challengeOf(text: string, key = KEY_A): { readonly nonce: string; readonly ciphertext: string } {
  const nonce = Buffer.alloc(12, 7);
  const cipher = createCipheriv("aes-256-gcm", rootOf(key), nonce);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return { nonce: nonce.toString("base64"), ciphertext: sealed.toString("base64") };
}

/** The answer of the cipher API for `text`, under a key that is not registered in the store. */
export async function cipherText(text = "x", key = KEY_A): Promise<object> {
  const { cipher } = (await ringOf(key)).primary;
  const nonce = new Uint8Array(12).fill(9);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, cipher, new TextEncoder().encode(text));
  return {
    version: 1,
    nonce: Buffer.from(nonce).toString("base64"),
    ciphertext: Buffer.from(sealed).toString("base64"),
  };
}
