import { sha256 } from "@noble/hashes/sha2.js";
import type { Bytes } from "../../store/rows.ts";
import { SLOT_BYTES, type Slot, toSlot } from "./slot.ts";

/** The length of a member and of a digest. */
const DIGEST_BYTES = 16;
const ENTRY_BYTES = SLOT_BYTES + DIGEST_BYTES;
const CHILDREN = 4;

const LEAF = 0;
const INNER = 1;

/** A row that the trie contains. */
export interface LeafEntry {
  readonly slot: Slot;
  /** Digest of the row: 16 bytes. */
  readonly member: Bytes;
}

export type Node =
  | { readonly kind: "leaf"; readonly entries: readonly LeafEntry[] }
  /** Digests of four children. Zeros: no row is below. */
  | { readonly kind: "inner"; readonly children: readonly Bytes[] };

/** Leaf: a 0, then the entries. Inner node: a 1, then the digests of its children. */
export function encodeNode(node: Node): Bytes {
  const parts = node.kind === "leaf" ? node.entries.flatMap(({ slot, member }) => [slot.bytes, member]) : node.children;
  const content = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0));
  content[0] = node.kind === "leaf" ? LEAF : INNER;
  let end = 1;
  for (const part of parts) {
    content.set(part, end);
    end += part.length;
  }
  return content;
}

/** Undefined if the bytes are not a node. */
export function decodeNode(content: Bytes): Node | undefined {
  const size = content.length - 1;
  if (content[0] === INNER && size === CHILDREN * DIGEST_BYTES) {
    return { kind: "inner", children: split(content, DIGEST_BYTES) };
  }
  if (content[0] !== LEAF || size % ENTRY_BYTES !== 0) return undefined;
  const entries = split(content, ENTRY_BYTES).map((entry) => ({
    slot: toSlot(entry.subarray(0, SLOT_BYTES)),
    member: entry.subarray(SLOT_BYTES),
  }));
  return { kind: "leaf", entries };
}

/** SHA-256, cut to 16 bytes. Synchronous: for so few bytes, Web Crypto takes five times as long. */
export function digestOf(content: Bytes): Bytes {
  return sha256(content).slice(0, DIGEST_BYTES);
}

/** Takes the place of the digest of a child that does not exist. */
export function noChild(): Bytes {
  return new Uint8Array(DIGEST_BYTES);
}

export function isNoChild(digest: Bytes): boolean {
  return digest.every((byte) => byte === 0);
}

function split(content: Bytes, size: number): Bytes[] {
  return Array.from({ length: (content.length - 1) / size }, (_, index) =>
    content.subarray(1 + index * size, 1 + (index + 1) * size),
  );
}
