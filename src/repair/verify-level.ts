import { bytesToHex } from "@noble/curves/utils.js";
import { decodeNode, digestOf, encodeNode, isNoChild } from "../commit/authority/node.ts";
import { slotOf } from "../commit/authority/slot.ts";
import { equalBytes } from "../seal/equal-bytes.ts";
import type { AuthorityNode, Bytes, StoreRow } from "../store/rows.ts";
import type { TrieLevel } from "../store/store.ts";
import type { RowProblem } from "./row-problem.ts";

const ROOT = 1;
const CHILDREN = [0, 1, 2, 3] as const;

/** The result for a part of one depth of the authority trie. */
interface LevelReport {
  readonly problems: readonly RowProblem[];
  /** Ids of nodes that nothing leads to. They are harmless: a rebuild leaves some behind. */
  readonly unreachable: readonly number[];
}

/**
 * Verifies nodes of one depth: each is the one that the nodes above it, and the store row, lead to; its children exist; and each
 * row that a leaf contains exists.
 */
export function verifyLevel(store: StoreRow, level: TrieLevel): LevelReport {
  const problems: RowProblem[] = [];
  const unreachable: number[] = [];
  const contents = new Map([...level.ancestors, ...level.nodes.rows].map(({ id, content }) => [id, content]));
  const children = new Set(level.children);
  const slots = new Set(level.resources.rows.map((resource) => bytesToHex(slotOf(resource).bytes)));
  for (const { id, content } of level.nodes.rows) {
    const place = placeOf(id, { root: store.authority, contents });
    if (place === "damaged") continue;
    if (place === undefined) {
      unreachable.push(id);
      continue;
    }
    const node = equalBytes(digestOf(content), place) ? decodeNode(content) : undefined;
    if (node === undefined) {
      problems.push(damagedNode(id, "is not the one that the store row leads to"));
    } else if (node.kind === "inner") {
      for (const digit of CHILDREN) {
        const digest = node.children[digit];
        const child = 4 * id + digit;
        if (digest !== undefined && isExpected(digest) && !children.has(child)) {
          problems.push(damagedNode(child, "is missing"));
        }
      }
    } else {
      problems.push(...lostRows(id, node.entries.filter(({ slot }) => !slots.has(bytesToHex(slot.bytes))).length));
    }
  }
  return { problems, unreachable };
}

/** The problem of a trie whose root node is missing. It may be missing only as long as nothing was ever put. */
export function missingRoot({ authority }: StoreRow): readonly RowProblem[] {
  return isExpected(authority) ? [damagedNode(ROOT, "is missing")] : [];
}

/** Whether a digest needs a stored node. The empty leaf of an empty trie is not stored. */
function isExpected(digest: Bytes): boolean {
  return !isNoChild(digest) && !equalBytes(digest, digestOf(encodeNode({ kind: "leaf", entries: [] })));
}

/**
 * The digest that a node must have. Undefined if nothing leads to the node. `"damaged"` if a node above it is damaged, which
 * is reported there.
 */
function placeOf(
  id: number,
  trie: { readonly root: Bytes; readonly contents: ReadonlyMap<number, Bytes> },
): Bytes | "damaged" | undefined {
  if (id === ROOT) return trie.root;
  const parent = Math.floor(id / 4);
  const place = placeOf(parent, trie);
  if (place === undefined || place === "damaged") return place;
  const content = trie.contents.get(parent);
  const node = content !== undefined && equalBytes(digestOf(content), place) ? decodeNode(content) : undefined;
  if (node === undefined) return isExpected(place) ? "damaged" : undefined;
  const digest = node.kind === "inner" ? node.children[id % 4] : undefined;
  return digest === undefined || isNoChild(digest) ? undefined : digest;
}

function damagedNode(id: number, what: string): RowProblem {
  return { resource: `node:${id}`, kind: "damaged_node", detail: `node ${id} of the authority trie ${what}` };
}

function lostRows(id: AuthorityNode["id"], count: number): readonly RowProblem[] {
  if (count === 0) return [];
  const rows = count === 1 ? "a policy or trust bundle that has" : `${count} policies or trust bundles that have`;
  return [
    { resource: `node:${id}`, kind: "lost_row", detail: `node ${id} of the authority trie contains ${rows} no row` },
  ];
}
