import type { KeyRing } from "../seal/key-ring.ts";
import type { Bytes } from "../store/rows.ts";
import { requestKeys } from "./literal-prefix.ts";
import { keyTag } from "./policy-record.ts";

/** The tags of all policies that could match a text: one per index key of the text and key of the ring. */
export async function requestTags(ring: KeyRing, side: "spiffeId" | "path", text: string): Promise<readonly Bytes[]> {
  const column = side === "spiffeId" ? "id" : "path";
  const keys = requestKeys(side, text);
  return await Promise.all(ring.keys.flatMap((ringKey) => keys.map(async (key) => await keyTag(ringKey, column, key))));
}
