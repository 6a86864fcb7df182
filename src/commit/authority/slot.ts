import { sha256 } from "@noble/hashes/sha2.js";
import { encodeCanonical } from "../../seal/encoding.ts";
import type { Bytes } from "../../store/rows.ts";

/** Where an authority row is in the trie: the first 64 bits of a digest of its resource. */
export interface Slot {
  /** 8 bytes. */
  readonly bytes: Bytes;
  /** The first 48 bits, as the row's table stores them. They name all nodes on the way to the row. */
  readonly prefix: number;
}

/** Leaves at this depth grow instead of being split. */
export const MAX_DEPTH = 12;

export const SLOT_BYTES = 8;
const PREFIX_BITS = 48;

/**
 * The slot of a resource. A load needs it before it has read anything, so it depends on nothing stored.
 *
 * A caller with permission to write policies can choose names that share a leaf. Each name adds 24 bytes to the leaf and takes
 * about 2^24 digests to find.
 */
export function slotOf(resource: string): Slot {
  return toSlot(sha256(encodeCanonical("authority.slot", [resource])).slice(0, SLOT_BYTES));
}

export function toSlot(bytes: Bytes): Slot {
  let prefix = 0;
  for (const byte of bytes.subarray(0, PREFIX_BITS / 8)) prefix = prefix * 256 + byte;
  return { bytes, prefix };
}

/** The id of the node at `depth` on the way to a slot: a 1, then two bits of the slot for each level. */
export function nodeIdOf({ prefix }: Slot, depth: number): number {
  return 4 ** depth + Math.floor(prefix / 2 ** (PREFIX_BITS - 2 * depth));
}

/** The child to follow at `depth`: 0 to 3. */
export function digitOf({ prefix }: Slot, depth: number): number {
  return Math.floor(prefix / 2 ** (PREFIX_BITS - 2 * depth - 2)) % 4;
}
