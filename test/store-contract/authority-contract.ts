import { describe, expect, it } from "vitest";
import { AuthorityTrie } from "../../src/commit/authority/trie.ts";
import { nodeIdOf, slotOf } from "../../src/commit/authority/slot.ts";
import { memberOf } from "../../src/commit/authority/member.ts";
import type { AuthorityNode, BundleValues, PolicyValues } from "../../src/store/rows.ts";
import type { BulkStore, Change, Query } from "../../src/store/store.ts";
import { auditOf, bundleOf, bytes, creation, never, policyOf, PINS, STATE } from "./rows.ts";

const DEPTHS = Array.from({ length: 13 }, (_, depth) => depth);

const idsOf = (...resources: readonly string[]): readonly number[] => [
  ...new Set(resources.flatMap((resource) => DEPTHS.map((depth) => nodeIdOf(slotOf(resource), depth)))),
];

const slotFor = (resource: string): number => slotOf(resource).prefix;

/** Rows as the stores get them, whose trie is large enough to have three levels. */
const POLICIES = Array.from({ length: 60 }, (_, index) => `p${index}`);
const DOMAINS = Array.from({ length: 20 }, (_, index) => `d${index}`);
const RESOURCES = [...POLICIES.map((name) => `policy:${name}`), ...DOMAINS.map((name) => `bundle:${name}`)];

const TAGS = { idTags: [bytes(1)], pathTags: [bytes(2)], limit: 99 };

interface Row {
  readonly policy?: Partial<PolicyValues>;
  readonly bundle?: Partial<BundleValues>;
}

/** A change that creates an authority row, and stores these nodes. */
function change(resource: string, epoch: number, options: Row & { readonly trie: AuthorityTrie }): Change {
  const [kind, name = ""] = resource.split(":");
  const writeId = `w-${resource}`;
  const slot = slotFor(resource);
  const { trie } = options;
  return {
    audit: auditOf(writeId, { resource, epoch }),
    tail: 0,
    ...PINS,
    decidedOn: { ...PINS.decidedOn, keyId: epoch === 0 ? null : "k1" },
    authority: { ...STATE, authority: trie.root, keyId: "k1", mac: bytes(9), nodes: trie.changes },
    ...(kind === "policy"
      ? { policy: { kind: "create", row: policyOf(name, writeId, { slot, ...options.policy }) } }
      : { bundle: { kind: "create", row: bundleOf(name, writeId, { slot, ...options.bundle }) } }),
  };
}

/** The part of the contract suite that concerns the nodes of the authority trie. */
export function authorityContract(store: () => BulkStore): void {
  const load = async <Q extends Query>(query: Q) => await store().load(query, never);
  const idsIn = (nodes: readonly AuthorityNode[]) => nodes.map(({ id }) => id).toSorted((a, b) => a - b);

  describe("nodes of the authority trie", () => {
    /** Commits all rows, each with the nodes that it changes. Policies p0 and p1 have the tags. Returns all nodes. */
    const fill = async (): Promise<ReadonlyMap<number, Uint8Array>> => {
      const stored = new Map<number, Uint8Array>();
      let trie = AuthorityTrie.of([]);
      const changes = RESOURCES.map((resource, index) => {
        const nodes = [...trie.changes];
        trie = new AuthorityTrie({ root: trie.root, nodes }).with(slotOf(resource), memberOf(resource, bytes(index)));
        const tags = index < 2 ? { idTag: bytes(1), pathTag: bytes(2) } : { idTag: bytes(3), pathTag: bytes(4) };
        const made = change(resource, index, {
          trie,
          policy: { ...tags, keyId: index < 4 ? "k1" : "k2" },
          bundle: { keyId: index < 62 ? "k1" : "k2" },
        });
        for (const { id, content } of trie.changes) stored.set(id, content);
        // The next change starts from every node so far.
        trie = new AuthorityTrie({ root: trie.root, nodes: [] }, [...stored].map(toNode));
        return made;
      });
      const { revisions } = await store().commitEach(changes, {}, never);
      expect(revisions).toEqual(RESOURCES.map((_, index) => index + 1));
      return stored;
    };
    const toNode = ([id, content]: readonly [number, Uint8Array]): AuthorityNode => ({
      id,
      content: content as AuthorityNode["content"],
    });

    it("come with each part: those on the way to its rows or to its slot, each once", async () => {
      const stored = await fill();
      const outdated = (keyId: string) => ({ keyId, after: { keyId: "", name: "" }, limit: 99 });
      const parts: readonly (readonly [Query, readonly string[]])[] = [
        [{ grants: TAGS }, ["policy:p0", "policy:p1"]],
        [{ identityGrants: { idTags: [bytes(1)], limit: 9 } }, ["policy:p0", "policy:p1"]],
        [{ policy: { name: "p7", slot: slotFor("policy:p7") } }, ["policy:p7"]],
        [{ policy: { name: "none", slot: slotFor("policy:none") } }, ["policy:none"]],
        [{ policy: { name: "p7", slot: slotFor("policy:p8") } }, ["policy:p8"]],
        [{ policies: { after: "", limit: 99 } }, RESOURCES.slice(0, 60)],
        [{ trust: { trustDomain: "d3", slot: slotFor("bundle:d3") } }, ["bundle:d3"]],
        [{ bundle: { trustDomain: "d3", slot: slotFor("bundle:d3") } }, ["bundle:d3"]],
        [{ bundle: { trustDomain: "none", slot: slotFor("bundle:none") } }, ["bundle:none"]],
        [{ bundles: { after: "", limit: 99 } }, RESOURCES.slice(60)],
        [{ outdatedPolicies: outdated("k2") }, RESOURCES.slice(0, 4)],
        [{ outdatedBundles: outdated("k2") }, RESOURCES.slice(60, 62)],
        [{ grants: TAGS, policies: { after: "", limit: 99 }, bundles: { after: "", limit: 99 } }, RESOURCES],
        [{ secret: { path: "a", version: 1 }, chain: { resource: "policy:p0" }, audit: { after: 0, limit: 9 } }, []],
        [{}, []],
      ];
      for (const [query, resources] of parts) {
        const { nodes } = await load(query);
        const expected = idsOf(...resources).filter((id) => stored.has(id));
        const why = JSON.stringify(query);
        expect(idsIn(nodes), why).toEqual(expected.toSorted((a, b) => a - b));
        for (const { id, content } of nodes) expect(content, why).toEqual(stored.get(id));
      }
      const { nodes } = await load({ policies: { after: "", limit: 99 }, bundles: { after: "", limit: 99 } });
      expect(nodes.length).toBeGreaterThan(20);
    });

    it("lead from the root to every row, and prove absences", async () => {
      await fill();
      for (const [index, resource] of RESOURCES.entries()) {
        const [kind, name = ""] = resource.split(":");
        const slot = slotFor(resource);
        const found = await load(
          kind === "policy" ? { policy: { name, slot } } : { bundle: { trustDomain: name, slot } },
        );
        const trie = new AuthorityTrie({ root: found.store.authority, nodes: found.nodes });
        expect(trie.memberIn(slotOf(resource))).toEqual(memberOf(resource, bytes(index)));
      }
      const { store: row, nodes } = await load({ policy: { name: "none", slot: slotFor("policy:none") } });
      const trie = new AuthorityTrie({ root: row.authority, nodes });
      expect(trie.memberIn(slotOf("policy:none"))).toBeUndefined();
    });

    it("are not loaded for a caller who may see nothing", async () => {
      await fill();
      const nobody = { grants: { ...TAGS, idTags: [bytes(99)] } };
      const unproved = { trust: { trustDomain: "none", slot: slotFor("bundle:none") } };
      const noKey = { trust: { trustDomain: "d1", keyId: "two", slot: slotFor("bundle:d1") } };
      const rest: Query = {
        identityGrants: { idTags: [bytes(1)], limit: 9 },
        policy: { name: "p0", slot: slotFor("policy:p0") },
        policies: { after: "", limit: 99 },
      };
      expect((await load({ ...rest, identityGrants: { idTags: [bytes(99)], limit: 9 }, ...nobody })).nodes).toEqual([]);
      for (const claim of [unproved, noKey]) {
        expect((await load({ ...rest, ...claim })).nodes, JSON.stringify(claim)).toEqual([]);
        expect((await load({ ...rest, grants: TAGS, ...claim })).nodes, JSON.stringify(claim)).toEqual([]);
      }
    });

    it("come with the snapshot of a lost commit too", async () => {
      await fill();
      const query = { policy: { name: "p7", slot: slotFor("policy:p7") } };
      const lost = await store().commit(creation("w", { tail: 0 }), query, never);
      if (lost.won) throw new Error("won, although it was decided on another key");
      expect(lost.snapshot.nodes).toEqual((await load(query)).nodes);
      expect(lost.snapshot.nodes.length).toBeGreaterThan(1);
    });

    const node = (id: number, seed: number): AuthorityNode => ({ id, content: bytes(seed) });
    const writing = (writeId: string, epoch: number, nodes: readonly AuthorityNode[]): Change => ({
      audit: auditOf(writeId, { resource: `policy:${writeId}`, epoch }),
      tail: 0,
      ...PINS,
      decidedOn: { ...PINS.decidedOn, keyId: epoch === 0 ? null : "k1" },
      authority: { ...STATE, authority: bytes(epoch), keyId: "k1", mac: bytes(9), nodes },
    });
    const stored = async () => {
      const { nodes, store: row } = await load({ policy: { name: "p", slot: 0 } });
      return [row.authority, ...nodes.toSorted((a, b) => a.id - b.id)];
    };

    it("are inserted and replaced, only if the commit wins", async () => {
      expect((await store().commit(writing("w1", 0, [node(1, 1), node(4, 2)]), {}, never)).won).toBe(true);
      expect(await stored()).toEqual([bytes(0), node(1, 1), node(4, 2)]);
      for (const lost of [
        writing("w1", 1, [node(1, 7)]),
        writing("w2", 0, [node(1, 7), node(16, 7)]),
        { ...writing("w2", 1, [node(16, 7)]), rests: [{ table: "policies", name: "p", version: 1 }] as const },
        { ...writing("w2", 1, [node(16, 7)]), notAfter: 0 },
      ]) {
        expect((await store().commit(lost, {}, never)).won).toBe(false);
        expect(await stored()).toEqual([bytes(0), node(1, 1), node(4, 2)]);
      }
      expect((await store().commit(writing("w2", 1, [node(4, 3), node(16, 4)]), {}, never)).won).toBe(true);
      expect(await stored()).toEqual([bytes(1), node(1, 1), node(4, 3), node(16, 4)]);
    });

    it("keep content of any length and the highest id", async () => {
      const nodes = [
        { id: 1, content: new Uint8Array(0) },
        { id: 4 ** 12, content: new Uint8Array(9000).fill(255) },
      ];
      expect((await store().commit(writing("w1", 0, nodes), {}, never)).won).toBe(true);
      expect(await stored()).toEqual([bytes(0), ...nodes]);
      const highest = { id: 2 * 4 ** 12 - 1, content: bytes(5) };
      expect((await store().commit(writing("w2", 1, [highest]), {}, never)).won).toBe(true);
      const { nodes: found } = await load({ policy: { name: "p", slot: 2 ** 48 - 1 } });
      expect(found).toEqual([nodes[0], highest]);
    });
  });
}
