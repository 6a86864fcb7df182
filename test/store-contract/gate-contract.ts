import { beforeEach, describe, expect, it } from "vitest";
import type { BulkStore, Change, Rest } from "../../src/store/store.ts";
import { auditOf, bundleOf, bytes, creation, never, policyOf, PINS, STATE, underSuiteId, update } from "./rows.ts";

const signed = { ...STATE, keyId: "k1", mac: bytes(9) } as const;

const policy = (writeId: string, tail: number, kind: "create" | "remove"): Change => ({
  audit: auditOf(writeId, { resource: "policy:p" }),
  tail,
  ...PINS,
  policy: kind === "create" ? { kind, row: policyOf("p", writeId) } : { kind, seen: tail, name: "p" },
});

const bundle = (writeId: string, tail: number, kind: "create" | "remove"): Change => ({
  audit: auditOf(writeId, { resource: "bundle:d" }),
  tail,
  ...PINS,
  bundle: kind === "create" ? { kind, row: bundleOf("d", writeId) } : { kind, seen: tail, trustDomain: "d" },
});

const onPolicy = (version: number): Rest => ({ table: "policies", name: "p", version });
const onBundle = (version: number): Rest => ({ table: "trust_bundles", name: "d", version });

/** The part of the contract suite that concerns what a change was decided on. */
export function gateContract(store: () => BulkStore): void {
  const commit = async (change: Change) => await store().commit(change, {}, never);
  const expectWon = async (change: Change) => {
    expect((await commit(change)).won, change.audit.writeId).toBe(true);
  };
  const everything = async () => {
    const { now: _, ...found } = await store().load(
      { secret: { path: "a", version: 1 }, audit: { after: 0, limit: 99 } },
      never,
    );
    return found;
  };
  const expectLost = async (change: Change, why?: string) => {
    const before = await everything();
    expect((await commit(change)).won, why).toBe(false);
    expect(await everything()).toEqual(before);
  };

  describe("a change that rests on other rows", () => {
    const kinds = [
      ["a policy", policy, onPolicy],
      ["a trust bundle", bundle, onBundle],
    ] as const;

    it.each(kinds)("wins while %s has the row version that it was decided on", async (_, row, on) => {
      await expectWon(row("w1", 0, "create"));
      for (const version of [0, 2, -1, 2 ** 53 - 1]) await expectLost({ ...creation("w2"), rests: [on(version)] });
      await expectWon({ ...creation("w2"), rests: [on(1)] });
      await expectWon({ ...update("w3", 2), rests: [on(1)] });
      await expectWon({ audit: auditOf("w4", { resource: "store" }), tail: 0, ...PINS, rests: [on(1)] });
    });

    it.each(kinds)("loses once %s was removed, even if it was created again", async (_, row, on) => {
      await expectWon(row("w1", 0, "create"));
      await expectWon(row("w2", 1, "remove"));
      await expectLost({ ...creation("w3"), rests: [on(1)] });
      await expectWon(row("w4", 2, "create"));
      await expectLost({ ...creation("w3"), rests: [on(1)] });
      await expectWon({ ...creation("w3"), rests: [on(3)] });
    });

    it.each(kinds)("that must be missing loses if %s exists", async (_, row, on) => {
      await expectWon({ ...creation("w1"), rests: [on(0)] });
      await expectWon(row("w2", 0, "create"));
      await expectLost({ ...update("w3", 1), rests: [on(0)] });
      await expectWon(row("w4", 2, "remove"));
      await expectWon({ ...update("w3", 1), rests: [on(0)] });
    });

    it("loses if one of several does not fit, whichever", async () => {
      await expectWon(policy("w1", 0, "create"));
      await expectWon(bundle("w2", 0, "create"));
      const change = creation("w3");
      const absent: Rest = { table: "policies", name: "d", version: 0 };
      for (const rests of [
        [onPolicy(1), onBundle(1)],
        [onPolicy(2), onBundle(2)],
        [onBundle(2), onPolicy(1), { ...absent, version: 1 }],
        [{ ...onPolicy(1), table: "trust_bundles" as const }],
      ]) {
        await expectLost({ ...change, rests }, JSON.stringify(rests));
      }
      await expectWon({ ...change, rests: [onPolicy(1), onBundle(2), absent, onPolicy(1)] });
    });

    it("changes a row of any version if none is required, but not a missing row (H11)", async () => {
      const removal = (writeId: string, tail: number): Change => ({
        ...policy(writeId, tail, "remove"),
        policy: { kind: "remove", seen: null, name: "p" },
      });
      await expectLost(removal("w0", 0));
      await expectWon(policy("w1", 0, "create"));
      await expectWon({
        ...policy("w2", 1, "remove"),
        policy: { kind: "update", seen: null, row: policyOf("p", "w2") },
      });
      await expectWon({ ...creation("w3"), rests: [onPolicy(2)] });
      await expectWon(removal("w4", 2));
      await expectWon({ ...update("w5", 3), rests: [onPolicy(0)] });
      await expectLost(removal("w6", 4));
    });

    it("compares names byte by byte, whatever they contain", async () => {
      const names = ["p'", '"', "\\", "é", "\u{1F511}", "%", "P", "p\n"];
      for (const [index, name] of names.entries()) {
        await expectWon({
          audit: auditOf(`n${index}`, { resource: `policy:${name}` }),
          tail: 0,
          ...PINS,
          policy: { kind: "create", row: policyOf(name, `n${index}`) },
        });
      }
      const rests = names.map((name, index): Rest => ({ table: "policies", name, version: index + 1 }));
      await expectLost({ ...creation("w"), rests: [...rests, onPolicy(1)] });
      await expectWon({ ...creation("w"), rests: [...rests, onPolicy(0)] });
    });

    it("is held against the changes before it in the same round trip", async () => {
      const { revisions } = await store().commitEach(
        [
          policy("w1", 0, "create"),
          { ...creation("w2"), rests: [onPolicy(1)] },
          policy("w3", 1, "remove"),
          { ...update("w4", 2), rests: [onPolicy(1)] },
          { ...update("w5", 2), rests: [onPolicy(0)] },
        ],
        {},
        never,
      );
      expect(revisions).toEqual([1, 2, 3, undefined, 4]);
    });
  });

  describe("the epoch", () => {
    beforeEach(async () => {
      await expectWon(creation("w1"));
      await expectWon({ audit: auditOf("w2", { resource: "policy:p" }), tail: 0, ...PINS, authority: signed });
    });
    const decidedOn = { ...PINS.decidedOn, keyId: "k1" };

    it("does not matter to a change that leaves it", async () => {
      expect((await everything()).store).toMatchObject({ epoch: 1, revision: 2, mac: bytes(9) });
      await expectWon({ ...update("w3", 1), decidedOn });
      await expectWon({ ...creation("w4", { path: "b", audit: { epoch: 7 } }), decidedOn });
    });

    it("must be the one that a change was decided on if the change raises it", async () => {
      const raising = (epoch: number): Change => ({
        audit: auditOf("w3", { resource: "policy:q", epoch }),
        tail: 0,
        ...PINS,
        decidedOn,
        authority: signed,
      });
      for (const epoch of [0, 2]) await expectLost(raising(epoch));
      await expectWon(raising(1));
      expect((await everything()).store.epoch).toBe(2);
    });

    it("comes with the signed columns that the change leads to", async () => {
      const columns = { auditFloor: 1, authority: bytes(3), generation: "g", acknowledged: 4 };
      const audit = auditOf("w3", { resource: "store", epoch: 1, state: bytes(9), leadsTo: '{"epoch":2}' });
      const authority = { ...columns, keyId: "k2", mac: bytes(8), nodes: [] };
      await expectWon({ audit, tail: 0, ...PINS, decidedOn, authority });
      const { store: row, audit: entries } = await everything();
      expect(row).toMatchObject({ ...columns, epoch: 2, revision: 3, keyId: "k2", mac: bytes(8) });
      expect(entries.rows.at(-1)).toEqual({ ...audit, revision: 3 });
    });

    it("keeps its signed columns when a change loses, and when one leaves it", async () => {
      const { store: before } = await everything();
      await expectLost({ ...creation("w3"), decidedOn, authority: { ...signed, auditFloor: 9 } });
      await expectWon({ ...update("w3", 1), decidedOn });
      expect((await everything()).store).toEqual({ ...before, revision: 3 });
    });
  });

  describe("the pinned columns of the store row", () => {
    const init = { keys: [{ keyId: "k1", checkValue: bytes(6), createdAt: 5 }], keyId: "k1", mac: bytes(7) };
    const decidedOn = { ...PINS.decidedOn, keyId: "k1" };

    it("must be those that a change was decided on", async () => {
      const change = creation("w1");
      for (const other of [
        { ...PINS.decidedOn, keyId: "k1" },
        { ...PINS.decidedOn, keyId: "" },
        { ...PINS.decidedOn, schemaVersion: 1 },
        { ...PINS.decidedOn, schemaVersion: 3 },
        { ...PINS.decidedOn, storeId: "t" },
        { ...PINS.decidedOn, storeId: "" },
        { ...PINS.decidedOn, generation: "g" },
      ]) {
        await expectLost({ ...change, decidedOn: other }, JSON.stringify(other));
      }
      await expectWon(change);
    });

    it("exclude a change that was decided on in an earlier generation, or later than the store is (H12)", async () => {
      await expectWon({ ...creation("w1"), init });
      const audit = auditOf("w2", { resource: "store" });
      await expectWon({ audit, tail: 0, ...PINS, decidedOn, authority: { ...signed, generation: "g" } });
      await expectLost({ ...update("w3", 1), decidedOn });
      const now = { ...decidedOn, generation: "g" };
      for (const base of [3, 4, 2 ** 53 - 1]) {
        const change = creation("w3", { path: "b", audit: { base } });
        await expectLost({ ...change, decidedOn: now }, String(base));
      }
      await expectWon({ ...creation("w3", { path: "b", audit: { base: 2 } }), decidedOn: now });
      await expectWon({ ...update("w4", 1), decidedOn: now });
    });

    it("include the history that a change of a replica's snapshot names (H14)", async () => {
      const named = (audit: object, change = update("w3", 1, { audit })) => ({ ...change, pinsHistory: true as const });
      for (const audit of [{ state: bytes(7) }, { anchor: bytes(7) }, { prev: bytes(7) }]) {
        await expectLost(named({}, creation("w1", { audit })), Object.keys(audit).join(""));
      }
      await expectWon({ ...named({}, creation("w1", { audit: { mac: bytes(11) } })), init });
      const other = { audit: { mac: bytes(12), base: 1, state: bytes(7), anchor: bytes(11) } };
      await expectWon({ ...named({}, creation("w2", { path: "b", ...other })), decidedOn });
      const seen = { base: 2, state: bytes(7), anchor: bytes(12), prev: bytes(11) };
      for (const member of ["state", "anchor", "prev"]) {
        for (const wrong of [null, bytes(13)]) {
          await expectLost({ ...named({ ...seen, [member]: wrong }), decidedOn }, `${member} ${wrong?.[0]}`);
        }
      }
      await expectLost({ ...named({ ...seen, base: 1 }), decidedOn }, "an entry at another revision");
      await expectWon({ ...named({ ...seen, base: 1, anchor: bytes(11) }), decidedOn });
    });

    it("exclude a change that was decided on before another key was registered", async () => {
      await expectWon({ ...creation("w1"), init });
      await expectLost(update("w2", 1), "the store row has a key now");
      const register = [{ keyId: "k2", checkValue: bytes(8), createdAt: 6 }];
      const authority = { ...signed, keyId: "k2" };
      await expectWon({
        audit: auditOf("w2", { resource: "store" }),
        tail: 0,
        ...PINS,
        decidedOn,
        register,
        authority,
      });
      for (const change of [update("w3", 1), policy("w3", 0, "create"), bundle("w3", 0, "create")]) {
        await expectLost({ ...change, decidedOn });
      }
      await expectWon({ ...update("w3", 1), decidedOn: { ...decidedOn, keyId: "k2" } });
    });
  });

  it("loses a change whose latest time has passed", async () => {
    const { now } = await store().load({}, never);
    for (const notAfter of [now - 1, now - 86_400_000, 0, -1]) await expectLost({ ...creation("w1"), notAfter });
    await expectWon({ ...creation("w1"), notAfter: now + 3_600_000 });
  });
}

/**
 * The part of the contract suite that needs a clock that stands still.
 *
 * @param fresh an empty store whose database has this clock
 */
export function clockContract(name: string, fresh: (now: () => number) => BulkStore): void {
  it(`store contract: ${name} applies a change until its latest time, inclusive`, async () => {
    let now = 1_700_000_000_123;
    const store = await underSuiteId(fresh(() => now));
    const commit = async (writeId: string, notAfter: number) =>
      (await store.commit({ ...creation(writeId, { path: writeId }), notAfter }, {}, never)).won;
    expect((await store.load({}, never)).now).toBe(now);
    expect(await commit("before", now + 1)).toBe(true);
    expect(await commit("at", now)).toBe(true);
    expect(await commit("past", now - 1)).toBe(false);
    const latest = now;
    now += 1;
    expect(await commit("a millisecond later", latest)).toBe(false);
    now -= 2;
    expect(await commit("after the clock went back", latest)).toBe(true);
    expect((await store.load({}, never)).store.revision).toBe(3);
  });
}
