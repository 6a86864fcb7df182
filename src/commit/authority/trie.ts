import { equalBytes } from "../../seal/equal-bytes.ts";
import { SealError } from "../../seal/seal-error.ts";
import type { AuthorityNode, Bytes } from "../../store/rows.ts";
import { decodeNode, digestOf, encodeNode, isNoChild, type LeafEntry, noChild, type Node } from "./node.ts";
import { digitOf, MAX_DEPTH, nodeIdOf, type Slot } from "./slot.ts";

/** A leaf with more entries is split, unless it is at the maximum depth. Leaves are never merged. */
const MAX_ENTRIES = 8;

const EMPTY_LEAF = { kind: "leaf", entries: [] } as const satisfies Node;

/**
 * A hash trie of all authority rows, which decide who may do what. The store row's MAC covers its root. So a request that
 * relies on a row, or on its absence, detects a database that puts an old row back, keeps a new one back, or hides one.
 *
 * It has only the nodes that were loaded, and checks each one when it follows it. A missing or altered node throws a
 * {@link SealError}.
 */
export class AuthorityTrie {
  /** 16 bytes. */
  readonly root: Bytes;
  /** The nodes that {@link with} has made. */
  readonly changes: readonly AuthorityNode[];
  readonly #nodes: ReadonlyMap<number, Bytes>;
  /** Nodes that fit the root. */
  readonly #checked = new Map<number, Node>();

  /** @param nodes as loaded, not checked yet */
  constructor(
    { root, nodes }: { readonly root: Bytes; readonly nodes: readonly AuthorityNode[] },
    changes: readonly AuthorityNode[] = [],
  ) {
    this.root = root;
    this.changes = changes;
    this.#nodes = new Map([...nodes, ...changes].map(({ id, content }) => [id, content]));
  }

  /** The trie of these entries. All of its nodes are changes. */
  static of(entries: readonly LeafEntry[]): AuthorityTrie {
    const changed: Changed = new Map();
    const root = build(entries, { depth: 0, changed });
    return new AuthorityTrie({ root, nodes: [] }, toNodes(changed));
  }

  /** The member in a slot. Undefined if the trie proves that the slot is empty. @throws SealError */
  memberIn(slot: Slot): Bytes | undefined {
    let digest = this.root;
    for (let depth = 0; !isNoChild(digest); depth += 1) {
      const node = this.#follow(slot, { depth, digest });
      if (node.kind === "leaf") return node.entries.find((entry) => isAt(entry, slot))?.member;
      digest = childOf(node, slot, depth);
    }
    return undefined;
  }

  /** The trie with this member in a slot; undefined empties the slot. @throws SealError */
  with(slot: Slot, member: Bytes | undefined): AuthorityTrie {
    const changed: Changed = new Map(this.changes.map(({ id, content }) => [id, content]));
    const root = this.#replace(slot, member, { depth: 0, digest: this.root, changed });
    const nodes = [...this.#nodes].map(([id, content]) => ({ id, content }));
    return new AuthorityTrie({ root, nodes }, toNodes(changed));
  }

  /** Puts the member below the node at `depth`, and returns the new digest of that node. */
  #replace(slot: Slot, member: Bytes | undefined, at: Place & { readonly changed: Changed }): Bytes {
    const { depth, digest, changed } = at;
    const node = isNoChild(digest) ? EMPTY_LEAF : this.#follow(slot, at);
    if (node.kind === "leaf") {
      const others = node.entries.filter((entry) => !isAt(entry, slot));
      const entries = member === undefined ? others : [...others, { slot, member }];
      return entries.length === 0
        ? write(EMPTY_LEAF, nodeIdOf(slot, depth), changed)
        : build(entries, { depth, changed });
    }
    const child = this.#replace(slot, member, { depth: depth + 1, digest: childOf(node, slot, depth), changed });
    const children = node.children.with(digitOf(slot, depth), child);
    return write({ kind: "inner", children }, nodeIdOf(slot, depth), changed);
  }

  /** The node at `depth` on the way to a slot, which must have the digest. */
  #follow(slot: Slot, { depth, digest }: Place): Node {
    const id = nodeIdOf(slot, depth);
    const known = this.#checked.get(id);
    if (known !== undefined) return known;
    const content = this.#nodes.get(id) ?? encodeNode(EMPTY_LEAF);
    const node = equalBytes(digestOf(content), digest) && depth <= MAX_DEPTH ? decodeNode(content) : undefined;
    if (node === undefined) {
      throw new SealError(
        "inconsistent",
        `node ${id} of the authority trie is not the one that the store row leads to`,
      );
    }
    this.#checked.set(id, node);
    return node;
  }
}

interface Place {
  readonly depth: number;
  readonly digest: Bytes;
}

type Changed = Map<number, Bytes>;

function isAt(entry: LeafEntry, slot: Slot): boolean {
  return equalBytes(entry.slot.bytes, slot.bytes);
}

function childOf({ children }: Extract<Node, { readonly kind: "inner" }>, slot: Slot, depth: number): Bytes {
  return children[digitOf(slot, depth)] ?? noChild();
}

/** Writes the nodes for these entries, from the one at `depth` down, and returns its digest. */
function build(entries: readonly LeafEntry[], at: { readonly depth: number; readonly changed: Changed }): Bytes {
  const { depth, changed } = at;
  const [first] = entries;
  const id = first === undefined ? 4 ** depth : nodeIdOf(first.slot, depth);
  if (entries.length <= MAX_ENTRIES || depth === MAX_DEPTH) return write({ kind: "leaf", entries }, id, changed);
  const children = [0, 1, 2, 3].map((digit) => {
    const below = entries.filter(({ slot }) => digitOf(slot, depth) === digit);
    return below.length === 0 ? noChild() : build(below, { depth: depth + 1, changed });
  });
  return write({ kind: "inner", children }, id, changed);
}

function write(node: Node, id: number, changed: Changed): Bytes {
  const content = encodeNode(node);
  changed.set(id, content);
  return digestOf(content);
}

function toNodes(changed: Changed): readonly AuthorityNode[] {
  return [...changed].map(([id, content]) => ({ id, content }));
}
