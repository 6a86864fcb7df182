import { encodeCanonical } from "../../seal/encoding.ts";
import type { Bytes } from "../../store/rows.ts";
import { digestOf } from "./node.ts";

/**
 * The trie's member for a row: a digest of the row's resource and of its own seal or MAC. Write id and epoch would not identify
 * a row, because a repeated request may sign two rows with the same ones.
 */
export function memberOf(resource: string, seal: Bytes): Bytes {
  return digestOf(encodeCanonical("authority.member", [resource, seal]));
}
