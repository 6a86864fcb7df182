import { describe, expect, it } from "vitest";
import { auditOf, bundleOf, bytes, creation, never, policyOf, PINS, STATE, under, update } from "./rows.ts";
import type { BulkStore, Change } from "../../src/store/store.ts";

const policy = (name: string, writeId: string, keyId: string): Change => ({
  audit: auditOf(writeId, { resource: `policy:${name}`, keyId }),
  tail: 0,
  ...PINS,
  policy: { kind: "create", row: policyOf(name, writeId, { keyId }) },
});
const bundle = (trustDomain: string, writeId: string, keyId: string): Change => ({
  audit: auditOf(writeId, { resource: `bundle:${trustDomain}`, keyId }),
  tail: 0,
  ...PINS,
  bundle: { kind: "create", row: bundleOf(trustDomain, writeId, { keyId }) },
});
const secret = (path: string, writeId: string, keyId: string): Change =>
  creation(writeId, { path, head: { keyId }, audit: { keyId } });

/** The part of the contract suite that concerns the rotation of keys. */
export function rotationContract(store: () => BulkStore): void {
  describe("many changes in one round trip", () => {
    it("win or lose independently, one after the other", async () => {
      const changes = [creation("w1"), creation("w2"), creation("w3", { path: "b" }), update("w4", 1), update("w5", 1)];
      const { revisions, snapshot } = await store().commitEach(
        changes,
        { secret: { path: "a", version: "none" } },
        never,
      );
      expect(revisions).toEqual([1, undefined, 2, 3, undefined]);
      expect(snapshot.store.revision).toBe(3);
      expect(snapshot.secret.head).toMatchObject({ writeId: "w4", version: 3 });
      const { audit } = await store().load({ audit: { after: 0, limit: 9 } }, never);
      expect(audit.rows.map(({ revision, writeId }) => [revision, writeId])).toEqual([
        [1, "w1"],
        [2, "w3"],
        [3, "w4"],
      ]);
    });

    it("may raise the epoch that the next one names; after a loss, later ones lose too", async () => {
      const raising = (writeId: string, resource: string, epoch: number): Change => ({
        audit: auditOf(writeId, { resource, epoch }),
        tail: 0,
        ...PINS,
        decidedOn: { ...PINS.decidedOn, keyId: epoch === 0 ? null : "k1" },
        authority: { ...STATE, keyId: "k1", mac: bytes(epoch) },
      });
      const first = [raising("w1", "policy:a", 0), raising("w2", "policy:b", 1)];
      expect((await store().commitEach(first, {}, never)).revisions).toEqual([1, 2]);
      const second = [raising("w3", "policy:c", 2), raising("w4", "policy:b", 3), raising("w5", "policy:d", 4)];
      const { revisions, snapshot } = await store().commitEach(second, {}, never);
      expect(revisions).toEqual([3, undefined, undefined]);
      expect(snapshot.store).toMatchObject({ revision: 3, epoch: 3, mac: bytes(2) });
    });

    it("may be empty", async () => {
      const { revisions, snapshot } = await store().commitEach([], {}, never);
      expect([revisions, snapshot.store.revision]).toEqual([[], 0]);
    });
  });

  describe("keys", () => {
    it("are registered if their change wins", async () => {
      const key = { keyId: "k9", checkValue: bytes(6), createdAt: 5 };
      const register = { audit: auditOf("w1", { resource: "store" }), tail: 0, ...PINS, register: [key] };
      await store().commit(register, {}, never);
      const late = { ...register, audit: auditOf("w2", { resource: "store" }), register: [{ ...key, keyId: "k8" }] };
      expect((await store().commit(late, {}, never)).won).toBe(false);
      expect((await store().load({}, never)).keys).toEqual([{ ...key, hasPolicies: false }]);
      await store().commit(policy("p", "w3", "k9"), {}, never);
      expect((await store().load({}, never)).keys).toEqual([{ ...key, hasPolicies: true }]);
    });

    it("are counted by the rows that depend on them, registered or not", async () => {
      expect((await store().load({ keyCounts: {} }, never)).keyCounts).toEqual([]);
      const removal = (name: string, writeId: string, seen: number): Change => ({
        audit: auditOf(writeId, { resource: `policy:${name}`, keyId: "k2" }),
        tail: seen,
        ...PINS,
        policy: { kind: "remove", seen, name },
      });
      const init = { keys: [{ keyId: "k4", checkValue: bytes(1), createdAt: 1 }], keyId: "k3", mac: bytes(1) };
      await store().commit({ ...secret("a", "w1", "k1"), init }, {}, never);
      await store().commitEach(
        [
          secret("b", "w2", "k2"),
          policy("p", "w3", "k1"),
          policy("gone", "w4", "k1"),
          removal("gone", "w5", 4),
          bundle("d", "w6", "k2"),
        ].map((change) => under("k3", change)),
        {},
        never,
      );
      const none = { secrets: 0, policies: 0, bundles: 0, store: 0, entries: 0 };
      expect((await store().load({ keyCounts: {} }, never)).keyCounts).toEqual([
        { ...none, keyId: "k1", secrets: 1, policies: 1, entries: 3 },
        { ...none, keyId: "k2", secrets: 1, bundles: 1, entries: 3 },
        { ...none, keyId: "k3", store: 1 },
        { ...none, keyId: "k4" },
      ]);
    });

    it("find secrets under other keys, by key and name, in pages", async () => {
      const paths = ["b", "a", "a/b", "a.b", "c"];
      const keys = ["k1", "k3", "k1", "k3", "k2"];
      await store().commitEach(
        paths.map((path, index) => secret(path, `w${index}`, keys[index] ?? "")),
        {},
        never,
      );
      const page = async (after: { readonly keyId: string; readonly name: string }, limit: number) => {
        const { outdatedSecrets } = await store().load({ outdatedSecrets: { keyId: "k2", after, limit } }, never);
        return outdatedSecrets.rows.map(({ head, states, version, tail }) => {
          expect([states?.length, version, tail?.writeId]).toEqual([1, undefined, head?.writeId]);
          return `${head?.keyId} ${head?.path}`;
        });
      };
      const all = ["k1 a/b", "k1 b", "k3 a", "k3 a.b"];
      const start = { keyId: "", name: "" };
      expect(await page(start, 9)).toEqual(all);
      expect(await page(start, 3)).toEqual(all.slice(0, 3));
      expect(await page({ keyId: "k1", name: "a/b" }, 2)).toEqual(all.slice(1, 3));
      expect(await page({ keyId: "k3", name: "a" }, 9)).toEqual(all.slice(3));
      expect(await page({ keyId: "k3", name: "a.b" }, 9)).toEqual([]);
    });

    it("find policies and bundles under other keys, with their newest audit entries", async () => {
      await store().commitEach(
        [
          policy("p", "w1", "k1"),
          policy("q", "w2", "k2"),
          bundle("d", "w3", "k1"),
          { audit: auditOf("w4", { resource: "policy:gone" }), tail: 0, ...PINS },
          { audit: auditOf("w5", { resource: "policy:p", seq: 2 }), tail: 1, ...PINS },
        ],
        {},
        never,
      );
      const asked = { keyId: "k2", after: { keyId: "", name: "" }, limit: 9 };
      const query = { outdatedPolicies: asked, outdatedBundles: asked };
      const found = await store().load(query, never);
      expect(found.outdatedPolicies.rows).toMatchObject([{ row: { name: "p", version: 1 }, tail: { writeId: "w5" } }]);
      expect(found.outdatedBundles.rows).toMatchObject([{ row: { trustDomain: "d" }, tail: { writeId: "w3" } }]);
    });
  });
}
