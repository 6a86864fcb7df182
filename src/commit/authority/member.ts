import { encodeCanonical } from "../../seal/encoding.ts";
import type { Bytes } from "../../store/rows.ts";
import { digestOf } from "./node.ts";

/**
 * What the trie contains of a row: a digest of its resource and its own seal or MAC. Not of its write id and epoch: a
 * repeated request may sign two rows that have both in common.
 */
export function memberOf(resource: string, seal: Bytes): Bytes {
  return digestOf(encodeCanonical("authority.member", [resource, seal]));
}
