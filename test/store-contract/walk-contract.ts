import { describe, expect, it } from "vitest";
import { decodeNode } from "../../src/commit/authority/node.ts";
import { memberOf } from "../../src/commit/authority/member.ts";
import { slotOf } from "../../src/commit/authority/slot.ts";
import { AuthorityTrie } from "../../src/commit/authority/trie.ts";
import type { BulkStore, Change, Query } from "../../src/store/store.ts";
import { auditOf, bundleOf, bytes, creation, never, PINS, policyOf, STATE, under, update, versionOf } from "./rows.ts";

const NAMES = Array.from({ length: 60 }, (_, index) => `n${index}`);
const RESOURCES = NAMES.map((name, index) => `${index % 3 === 0 ? "bundle" : "policy"}:${name}`);

/** The part of the contract suite that concerns the verification of all rows. */
export function walkContract(store: () => BulkStore): void {
  const load = async <const Q extends Query>(query: Q) => await store().load(query, never);
  const commit = async (change: Change) => expect((await store().commit(change, {}, never)).won).toBe(true);

  describe("a walk over all rows", () => {
    it("returns secrets by path in pages, with the states of all versions and the newest entry, without values", async () => {
      for (const path of ["b", "a", "ü", "a/b"]) await commit(creation(`w-${path}`, { path }));
      await commit(
        update("w5", 2, {
          head: { path: "a" },
          audit: { resource: "secret:a" },
          versions: { insert: versionOf(2, "w5") },
        }),
      );
      const page = async (after: string, limit: number) => {
        const { rows, more } = (await load({ secrets: { after, limit } })).secrets;
        return [rows.map(({ head }) => head?.path), more];
      };
      expect(await page("", 2)).toEqual([["a", "a/b"], true]);
      expect(await page("a/b", 2)).toEqual([["b", "ü"], false]);
      expect(await page("ü", 9)).toEqual([[], false]);
      const [view] = (await load({ secrets: { after: "", limit: 1 } })).secrets.rows;
      expect(view).toMatchObject({ head: { version: 5 }, version: undefined, tail: { revision: 5 } });
      expect(view?.states?.map(({ number }) => number)).toEqual([1, 2]);
      expect(view?.states?.[0]).not.toHaveProperty("sealed");
    });

    it("finds resources whose row is missing, and says where the next page begins", async () => {
      await commit(creation("w1", { path: "kept" }));
      await commit(creation("w2", { path: "gone" }));
      await commit({
        audit: auditOf("w3", { resource: "secret:gone", action: "remove" }),
        tail: 2,
        ...PINS,
        secret: { kind: "remove", path: "gone" },
      });
      for (const [index, resource] of ["policy:x", "bundle:y", "audit", "root-key"].entries()) {
        await commit({ audit: auditOf(`o${index}`, { resource }), tail: 0, ...PINS });
      }
      const walk = async (after: string, limit: number) => {
        const { rows, next } = (await load({ rowless: { after, limit } })).rowless;
        return [rows.map(({ resource, revision }) => `${resource} ${revision}`), next];
      };
      expect(await walk("", 9)).toEqual([["bundle:y 5", "policy:x 4", "secret:gone 3"], undefined]);
      // audit, bundle:y
      expect(await walk("", 2)).toEqual([["bundle:y 5"], "bundle:y"]);
      expect(await walk("policy:x", 3)).toEqual([["secret:gone 3"], "secret:kept"]);
      expect(await walk("secret:kept", 3)).toEqual([[], undefined]);
      expect((await load({ headless: { after: "", limit: 1 } })).headless.rows).toEqual([]);
    });

    it("returns the trie depth by depth, with all nodes above, the children that exist, and the rows below the leaves", async () => {
      const entries = RESOURCES.map((resource, index) => ({
        slot: slotOf(resource),
        member: memberOf(resource, bytes(index)),
      }));
      const trie = AuthorityTrie.of(entries);
      for (const [index, name] of NAMES.entries()) {
        const resource = RESOURCES[index] ?? "";
        const slot = slotOf(resource).prefix;
        const writeId = `w${index}`;
        await commit({
          audit: auditOf(writeId, { resource, epoch: index }),
          tail: 0,
          ...PINS,
          decidedOn: { ...PINS.decidedOn, keyId: index === 0 ? null : "k1" },
          authority: {
            ...STATE,
            authority: trie.root,
            keyId: "k1",
            mac: bytes(9),
            nodes: index === 0 ? trie.changes : [],
          },
          ...(resource.startsWith("policy:")
            ? { policy: { kind: "create", row: policyOf(name, writeId, { slot }) } }
            : { bundle: { kind: "create", row: bundleOf(name, writeId, { slot }) } }),
        });
      }
      const ids = new Set(trie.changes.map(({ id }) => id));
      const found: number[] = [];
      for (let depth = 0; depth <= 12; depth += 1) {
        for (let after = 0; ;) {
          const { nodes, ancestors, children, resources } = (await load({ level: { after, depth, limit: 3 } })).level;
          const page = nodes.rows.map(({ id }) => id);
          expect(page.every((id) => id >= 4 ** depth && id < 2 * 4 ** depth)).toBe(true);
          found.push(...page);
          // A load may return some more: those of the node after the page.
          for (const { id, content } of nodes.rows) {
            expect(ancestors.map((node) => node.id)).toEqual(
              expect.arrayContaining(depth === 0 ? [] : [Math.floor(id / 4), 1]),
            );
            const node = decodeNode(content);
            const below = [0, 1, 2, 3].map((digit) => 4 * id + digit).filter((child) => ids.has(child));
            expect(children.filter((child) => Math.floor(child / 4) === id)).toEqual(
              node?.kind === "inner" ? below : [],
            );
            const slots = new Set(resources.rows.map((resource) => slotOf(resource).prefix));
            for (const { slot } of node?.kind === "leaf" ? node.entries : []) expect(slots).toContain(slot.prefix);
          }
          expect(resources.more).toBe(false);
          if (!nodes.more) break;
          after = page.at(-1) ?? Infinity;
        }
      }
      expect(found).toEqual([...ids].toSorted((a, b) => a - b));
    });

    it("returns acknowledgements, and the entries that raised the epoch from the highest down", async () => {
      for (const [epoch, resource] of ["acknowledgement:1", "policy:x", "acknowledgement:2"].entries()) {
        await commit({
          audit: auditOf(`w${epoch}`, { resource, epoch, leadsTo: "{}" }),
          tail: 0,
          ...PINS,
          decidedOn: { ...PINS.decidedOn, keyId: epoch === 0 ? null : "k1" },
          authority: { ...STATE, keyId: "k1", mac: bytes(9) },
        });
      }
      await commit(under("k1", creation("s", { audit: { epoch: 3 } })));
      const { acknowledgements, authorityEntries, auditContext } = await load({
        acknowledgements: {},
        authorityEntries: { limit: 2 },
        auditContext: { after: 3, limit: 1 },
      });
      expect(acknowledgements.rows.map(({ resource }) => resource)).toEqual(["acknowledgement:1", "acknowledgement:2"]);
      expect([authorityEntries.rows.map(({ epoch }) => epoch), authorityEntries.more]).toEqual([[2, 1], true]);
      // The entry of the secret was decided on epoch 3, to which the entry at revision 3 led; that one was decided on epoch 2.
      expect(auditContext.rows.map(({ revision }) => revision)).toEqual([2, 3]);
    });

    it("repairs a damaged epoch: the commit pins the damaged one and stores the one after its entry's", async () => {
      const raise = (writeId: string, epoch: number, more: Partial<Change> = {}): Change => ({
        audit: auditOf(writeId, { resource: "store", epoch }),
        tail: writeId === "w1" ? 0 : 1,
        ...PINS,
        decidedOn: { ...PINS.decidedOn, keyId: writeId === "w1" ? null : "k1" },
        authority: { ...STATE, keyId: "k1", mac: bytes(9) },
        ...more,
      });
      await commit(raise("w1", 0));
      const lost = await store().commit(raise("w2", 7), {}, never);
      expect(lost.won).toBe(false);
      expect((await store().commit(raise("w2", 7, { damagedEpoch: 2 }), {}, never)).won).toBe(false);
      await commit(raise("w2", 7, { damagedEpoch: 1 }));
      expect((await load({})).store).toMatchObject({ epoch: 8, revision: 2 });
    });
  });
}
