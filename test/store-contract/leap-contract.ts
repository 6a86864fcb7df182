import { describe, expect, it } from "vitest";
import type { BulkStore, Change, Query } from "../../src/store/store.ts";
import { auditOf, bytes, creation, never, PINS, STATE, update } from "./rows.ts";

/** What a change is decided on after a leap. */
const AFTERWARDS = { ...PINS.decidedOn, generation: "g", keyId: "k1" } as const;

const afterwards = (change: Change): Change => ({ ...change, decidedOn: AFTERWARDS });

/** A change that raises the epoch and leaps, as after the restore of a backup. */
function leap(
  writeId: string,
  at: { readonly base: number; readonly beyond: number; readonly epoch?: number },
): Change {
  const { base, beyond, epoch = 0 } = at;
  return {
    audit: auditOf(writeId, { resource: "store", base, epoch }),
    tail: base,
    ...PINS,
    decidedOn: epoch === 0 ? PINS.decidedOn : AFTERWARDS,
    authority: { ...STATE, generation: "g", keyId: "k1", mac: bytes(9) },
    beyond,
  };
}

/** The part of the contract suite that concerns revisions that leap. */
export function leapContract(store: () => BulkStore): void {
  const commit = async (change: Change, query: Query = {}) => await store().commit(change, query, never);
  const load = async <Q extends Query>(query: Q) => await store().load(query, never);
  const everything = async () => {
    const { now: _, ...found } = await load({ secret: { path: "a", version: 1 }, audit: { after: 0, limit: 99 } });
    return found;
  };
  const expectLost = async (change: Change) => {
    const before = await everything();
    expect((await commit(change)).won).toBe(false);
    expect(await everything()).toEqual(before);
  };

  describe("a change that leaps", () => {
    it("has the revision after the one that it names, and later commits go on from there", async () => {
      await commit(creation("w1"));
      expect(await commit(leap("w2", { base: 1, beyond: 1000 }))).toEqual({ won: true, revision: 1001 });
      const { store: row, newest, audit } = await load({ audit: { after: 0, limit: 9 } });
      expect(row).toMatchObject({ revision: 1001, epoch: 1, generation: "g" });
      expect(newest).toEqual(bytes(2));
      expect(audit.rows.map(({ revision, writeId }) => [revision, writeId])).toEqual([
        [1, "w1"],
        [1001, "w2"],
      ]);
      expect(await commit(afterwards(update("w3", 1)))).toEqual({ won: true, revision: 1002 });
      const { secret } = await load({ secret: { path: "a", version: "none" } });
      expect([secret.head?.version, secret.tail?.revision]).toEqual([1002, 1002]);
    });

    it("may leap over nothing, and up to the highest number", async () => {
      await commit(creation("w1"));
      expect(await commit(leap("w2", { base: 1, beyond: 1 }))).toEqual({ won: true, revision: 2 });
      const beyond = 2 ** 52 - 1;
      expect(await commit(leap("w3", { base: 2, beyond, epoch: 1 }))).toEqual({ won: true, revision: beyond + 1 });
      const created = afterwards(creation("w4", { path: "b" }));
      expect(await commit(created)).toEqual({ won: true, revision: beyond + 2 });
      expect((await load({})).store.revision).toBe(beyond + 2);
    });

    it("loses below the store's revision", async () => {
      await commit(creation("w1"));
      await commit(update("w2", 1));
      await expectLost(leap("w3", { base: 2, beyond: 1 }));
      await expectLost(leap("w3", { base: 2, beyond: 0 }));
    });

    it("loses if another commit was faster, even one that it does not touch", async () => {
      await commit(creation("w1"));
      await commit(creation("w2", { path: "b" }));
      await expectLost(leap("w3", { base: 1, beyond: 1000 }));
      expect((await commit(leap("w3", { base: 2, beyond: 1000 }))).won).toBe(true);
    });

    it("happens once, and never moves the store back", async () => {
      await commit(creation("w1"));
      const restored = leap("w2", { base: 1, beyond: 1000 });
      await commit(restored);
      await expectLost(restored);
      await commit(afterwards(update("w3", 1)));
      await expectLost(restored);
      await expectLost({ ...leap("w2", { base: 1002, beyond: 2000, epoch: 1 }) });
      await expectLost({ ...leap("w2", { base: 1002, beyond: 1002, epoch: 1 }) });
    });

    it("loses by the other conditions too", async () => {
      await commit(creation("w1"));
      const restored = leap("w2", { base: 1, beyond: 1000 });
      await expectLost({ ...restored, notAfter: 0 });
      await expectLost({ ...leap("w2", { base: 1, beyond: 1000, epoch: 1 }), decidedOn: PINS.decidedOn });
      await expectLost({ ...restored, decidedOn: { ...PINS.decidedOn, generation: "other" } });
      await expectLost({ ...restored, decidedOn: { ...PINS.decidedOn, keyId: "k2" } });
    });

    it("may be the first commit", async () => {
      const first = leap("w1", { base: 0, beyond: 50 });
      const init = { keys: [{ keyId: "k1", checkValue: bytes(8), createdAt: 1 }], keyId: "k1", mac: bytes(6) };
      expect(await commit({ ...first, init })).toEqual({ won: true, revision: 51 });
      const { store: row, keys } = await load({});
      expect(row).toMatchObject({ revision: 51, epoch: 1, keyId: "k1", mac: bytes(9) });
      expect(keys).toMatchObject([{ keyId: "k1" }]);
    });

    it("gives its revision to the rows that it writes", async () => {
      await commit({ ...creation("w1", { path: "a" }), beyond: 20 });
      const { secret, store: row } = await load({ secret: { path: "a", version: 1 } });
      expect([secret.head?.version, secret.tail?.revision, row.revision]).toEqual([21, 21, 21]);
    });

    it("is one of several changes", async () => {
      const changes = [
        creation("w1"),
        leap("w2", { base: 1, beyond: 10 }),
        leap("w3", { base: 1, beyond: 90, epoch: 1 }),
        afterwards(update("w4", 1)),
      ];
      const { revisions, snapshot } = await store().commitEach(changes, {}, never);
      expect(revisions).toEqual([1, 11, undefined, 12]);
      expect(snapshot.store).toMatchObject({ revision: 12, epoch: 1 });
    });
  });
}
