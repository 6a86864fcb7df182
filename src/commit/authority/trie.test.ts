import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SealError } from "../../seal/seal-error.ts";
import type { AuthorityNode, Bytes } from "../../store/rows.ts";
import { memberOf } from "./member.ts";
import { decodeNode, digestOf, encodeNode } from "./node.ts";
import { nodeIdOf, type Slot, slotOf, toSlot } from "./slot.ts";
import { AuthorityTrie } from "./trie.ts";

const EMPTY_ROOT = "6e340b9cffb37a989ca544e6bb780a2c";

const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString("hex");
const member = (seed: number): Bytes => digestOf(Uint8Array.of(seed >> 8, seed));
const empty = () => AuthorityTrie.of([]);

/** The stored nodes after the changes, and the nodes that a load returns for some slots. */
class Database {
  readonly stored = new Map<number, Bytes>();
  root = empty().root;

  commit(trie: AuthorityTrie): void {
    for (const { id, content } of trie.changes) this.stored.set(id, content);
    this.root = trie.root;
  }

  load(...slots: readonly Slot[]): AuthorityTrie {
    const ids = new Set(slots.flatMap((slot) => Array.from({ length: 13 }, (_, depth) => nodeIdOf(slot, depth))));
    const nodes = [...ids].flatMap((id): AuthorityNode[] => {
      const content = this.stored.get(id);
      return content === undefined ? [] : [{ id, content }];
    });
    return new AuthorityTrie({ root: this.root, nodes });
  }
}

/** Slots that share their first bits often, up to all but the last 8. */
const slots = fc
  .tuple(fc.constantFrom(0, 1, 4, 5, 6, 7), fc.integer({ min: 0, max: 255 }))
  .map(([at, byte]) => toSlot(new Uint8Array(8).with(at, byte)));

describe("a member", () => {
  it("is a digest of resource and seal, in the format of docs/stored-data.md", () => {
    expect(hex(memberOf("policy:a", Uint8Array.of(1)))).toBe("74903e847a469ca42b6781f78eadcf26");
    expect(hex(memberOf("bundle:a", Uint8Array.of(1)))).not.toBe(hex(memberOf("policy:a", Uint8Array.of(1))));
    expect(hex(memberOf("policy:a", Uint8Array.of(2)))).not.toBe(hex(memberOf("policy:a", Uint8Array.of(1))));
  });
});

describe("the authority trie", () => {
  it("starts with the root that the migration stores", () => {
    expect(hex(empty().root)).toBe(EMPTY_ROOT);
    expect(new AuthorityTrie({ root: empty().root, nodes: [] }).memberIn(slotOf("policy:a"))).toBeUndefined();
  });

  it("names the nodes on the way to a slot by a 1 and two bits for each level", () => {
    const slot = toSlot(Uint8Array.of(0b11_01_00_10, 0b10_00_00_00, 0, 0, 0, 0, 255, 255));
    expect([0, 1, 2, 5, 12].map((depth) => nodeIdOf(slot, depth).toString(2))).toEqual([
      "1",
      "111",
      "11101",
      "11101001010",
      "1110100101000000000000000",
    ]);
  });

  it("has exactly the members that were put and not removed, from the nodes on their way alone", () => {
    const edits = fc.array(fc.tuple(slots, fc.option(fc.integer({ min: 0, max: 999 }), { nil: undefined })), {
      maxLength: 120,
    });
    fc.assert(
      fc.property(edits, (list) => {
        const database = new Database();
        const expected = new Map<string | undefined, string | undefined>();
        const seen = new Map<string | undefined, Slot>();
        for (const [slot, seed] of list) {
          database.commit(database.load(slot).with(slot, seed === undefined ? undefined : member(seed)));
          expected.set(hex(slot.bytes), seed === undefined ? undefined : hex(member(seed)));
          seen.set(hex(slot.bytes), slot);
        }
        for (const [key, slot] of seen) expect(hex(database.load(slot).memberIn(slot))).toBe(expected.get(key));
        const together = database.load(...seen.values());
        for (const [key, slot] of seen) expect(hex(together.memberIn(slot))).toBe(expected.get(key));
        const other = toSlot(new Uint8Array(8).fill(0xaa));
        expect(database.load(other).memberIn(other)).toBeUndefined();
      }),
    );
  });

  it("applies several changes on top of each other", () => {
    const database = new Database();
    const names = Array.from({ length: 40 }, (_, index) => slotOf(`policy:${index}`));
    let trie = database.load(...names);
    for (const [index, slot] of names.entries()) trie = trie.with(slot, member(index));
    database.commit(trie);
    for (const [index, slot] of names.entries()) {
      expect(hex(database.load(slot).memberIn(slot))).toBe(hex(member(index)));
    }
  });

  it("built at once has the same members", () => {
    const entries = Array.from({ length: 300 }, (_, index) => ({
      slot: slotOf(`policy:${index}`),
      member: member(index),
    }));
    const database = new Database();
    database.commit(AuthorityTrie.of(entries));
    for (const entry of entries) expect(hex(database.load(entry.slot).memberIn(entry.slot))).toBe(hex(entry.member));
    const [first, second] = entries.map(({ slot }) => slot);
    if (first === undefined || second === undefined) throw new Error("no entries");
    database.commit(database.load(first).with(first, undefined));
    expect(database.load(first).memberIn(first)).toBeUndefined();
    expect(hex(database.load(second).memberIn(second))).toBe(hex(member(1)));
  });

  it("splits a leaf above 8 entries, and lets leaves at depth 12 grow", () => {
    const crowd = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        slot: toSlot(new Uint8Array(8).with(7, index)),
        member: member(index),
      }));
    expect(AuthorityTrie.of(crowd(8)).changes).toHaveLength(1);
    const { changes } = AuthorityTrie.of(crowd(9));
    expect(changes).toHaveLength(13);
    const deepest = changes.find(({ id }) => id === 4 ** 12);
    expect(deepest && decodeNode(deepest.content)).toMatchObject({ kind: "leaf", entries: { length: 9 } });
  });

  it("refuses a changed, missing or exchanged node, unless no answer depends on it", () => {
    const entries = Array.from({ length: 60 }, (_, index) => ({
      slot: slotOf(`bundle:${index}`),
      member: member(index),
    }));
    const { root, changes: nodes } = AuthorityTrie.of(entries);
    const picks = fc.tuple(
      fc.nat(nodes.length - 1),
      fc.nat(nodes.length - 1),
      fc.nat(),
      fc.constantFrom("bit", "drop", "swap", "cut"),
    );
    let refused = 0;
    fc.assert(
      fc.property(picks, fc.nat(entries.length - 1), ([at, other, bit, kind], asked) => {
        const altered = nodes.flatMap((node, index): AuthorityNode[] => {
          if (index !== at) return [node];
          if (kind === "drop") return [];
          const content = kind === "swap" ? (nodes[other]?.content ?? node.content) : node.content.slice();
          if (kind === "cut") return [{ id: node.id, content: content.slice(0, -1) }];
          const position = (bit >> 3) % content.length;
          if (kind === "bit") content[position] = (content[position] ?? 0) ^ (1 << (bit & 7));
          return [{ id: node.id, content }];
        });
        const entry = entries[asked];
        if (entry === undefined) throw new Error("no entry");
        try {
          expect(hex(new AuthorityTrie({ root, nodes: altered }).memberIn(entry.slot))).toBe(hex(entry.member));
        } catch (error) {
          if (!(error instanceof SealError)) throw error;
          refused += 1;
        }
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it("refuses an inner node at the greatest depth + 1, however its digest fits", () => {
    const slot = toSlot(new Uint8Array(8));
    const nodes: AuthorityNode[] = [];
    let digest = digestOf(Uint8Array.of(0));
    for (let depth = 13; depth >= 0; depth -= 1) {
      const children = [digest, digest, digest, digest];
      const content = encodeNode({ kind: "inner", children });
      nodes.push({ id: nodeIdOf(slot, depth), content });
      digest = digestOf(content);
    }
    expect(() => new AuthorityTrie({ root: digest, nodes }).memberIn(slot)).toThrow(SealError);
  });

  it.each([[[]], [[2]], [[1, 0]], [[0, 1]], [Array.from({ length: 64 }, () => 1)]])(
    "decodes no other bytes: %j",
    (bytes) => {
      expect(decodeNode(Uint8Array.from(bytes))).toBeUndefined();
    },
  );
});
