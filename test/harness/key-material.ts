import { createCipheriv } from "node:crypto";
import { splitKey } from "../../src/seal/shamir.ts";
import { KEY_A } from "./service.ts";

const rootOf = (key: string) => Uint8Array.from(Buffer.from(key.slice(key.indexOf(":") + 1), "base64url"));

/** Share number 1 of a root key, as SPIKE's wire has it. */
export async function firstShard(key = KEY_A): Promise<{ readonly id: number; readonly shard: readonly number[] }> {
  const [first] = await splitKey(rootOf(key), { threshold: 2, shares: 3 });
  return { id: 1, shard: [...first!.value] };
}

/** What SPIKE's bootstrap sends to see whether the root key arrived: `text` under the root key itself. */
export function challengeOf(text: string, key = KEY_A): { readonly nonce: string; readonly ciphertext: string } {
  const nonce = Buffer.alloc(12, 7);
  const cipher = createCipheriv("aes-256-gcm", rootOf(key), nonce);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return { nonce: nonce.toString("base64"), ciphertext: sealed.toString("base64") };
}
