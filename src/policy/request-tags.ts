import type { KeyRing } from "../seal/key-ring.ts";
import type { Bytes } from "../store/rows.ts";
import { requestPrefixes } from "./literal-prefix.ts";
import { prefixTag } from "./policy-record.ts";

/** The tags of all policies that could match a text: one for each prefix that it has, under each key of the ring. */
export async function requestTags(ring: KeyRing, side: "spiffeId" | "path", text: string): Promise<readonly Bytes[]> {
  const column = side === "spiffeId" ? "id" : "path";
  const prefixes = requestPrefixes(side, text);
  return await Promise.all(
    ring.keys.flatMap((key) => prefixes.map(async (prefix) => await prefixTag(key, column, prefix))),
  );
}
