import { deriveKeyRing, type KeyRing } from "../../src/seal/key-ring.ts";
import { parseRootKeys } from "../../src/seal/root-key.ts";

export const KEY_A = `a:${Buffer.alloc(32, 0x11).toString("base64url")}`;
export const KEY_B = `b:${Buffer.alloc(32, 0x22).toString("base64url")}`;

export async function ringOf(...keys: readonly string[]): Promise<KeyRing> {
  const parsed = parseRootKeys(keys.join(","));
  if (!parsed.ok) throw new Error(parsed.problem);
  return await deriveKeyRing(parsed.keys);
}
