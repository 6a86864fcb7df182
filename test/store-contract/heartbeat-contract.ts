import { describe, expect, it } from "vitest";
import type { HeartbeatValues } from "../../src/store/rows.ts";
import type { BulkStore, Change } from "../../src/store/store.ts";
import { auditOf, bytes, creation, never, update } from "./rows.ts";

const AT = 1_700_000_000_000;

const beatAt = (at: number): HeartbeatValues => ({
  at,
  epoch: 4,
  entryMac: bytes(at % 251).slice(0, 16),
  storeMac: bytes(3).slice(0, 8),
  keyId: "k1",
  mac: bytes(9),
});

/** The part of the contract suite that concerns bookmarks and the heartbeat. */
export function heartbeatContract(store: () => BulkStore): void {
  const commit = async (change: Change) => (await store().commit(change, {}, never)).won;
  const heartbeat = async () => (await store().load({ heartbeat: {} }, never)).heartbeat;

  it("returns the MACs of the audit entries at the requested revisions", async () => {
    const macs = async (...revisions: number[]) => (await store().load({ entryMacs: { revisions } }, never)).entryMacs;
    expect(await macs(0, 1)).toEqual([]);
    await commit(creation("w1", { audit: { mac: bytes(11) } }));
    await commit({ ...update("w2", 1), audit: auditOf("w2", { mac: bytes(12) }) });
    expect(await macs()).toEqual([]);
    expect(await macs(1)).toEqual([{ revision: 1, mac: bytes(11) }]);
    expect([...(await macs(2, 1, 3, 2))].toSorted((a, b) => a.revision - b.revision)).toEqual([
      { revision: 1, mac: bytes(11) },
      { revision: 2, mac: bytes(12) },
    ]);
  });

  describe("the heartbeat", () => {
    it("is absent at first, and comes with the revision and the entry of its commit", async () => {
      expect(await heartbeat()).toEqual({ row: undefined, entryMac: null });
      await commit({ ...creation("w1", { audit: { mac: bytes(11) } }), heartbeat: beatAt(AT) });
      expect(await heartbeat()).toEqual({ row: { ...beatAt(AT), revision: 1 }, entryMac: bytes(11) });
    });

    it("is replaced by a newer one, and by an older one only if it is more than a minute ahead", async () => {
      await commit({ ...creation("w1"), heartbeat: beatAt(AT) });
      for (const [writeId, at, kept] of [
        ["w2", AT, AT],
        ["w3", AT - 1, AT],
        ["w4", AT - 60_000, AT],
        ["w5", AT - 60_001, AT - 60_001],
        ["w6", AT, AT],
        ["w7", AT + 9_000_000, AT + 9_000_000],
      ] as const) {
        await commit({ ...creation(writeId, { path: writeId }), heartbeat: beatAt(at) });
        expect((await heartbeat()).row?.at, writeId).toBe(kept);
      }
    });

    it("stays when its commit loses", async () => {
      await commit({ ...creation("w1"), heartbeat: beatAt(AT) });
      expect(await commit({ ...creation("w2"), heartbeat: beatAt(AT + 5) })).toBe(false);
      expect((await heartbeat()).row).toEqual({ ...beatAt(AT), revision: 1 });
    });
  });
}
