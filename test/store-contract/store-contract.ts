import { beforeEach, describe, expect, it } from "vitest";
import { AuthorityTrie } from "../../src/commit/authority/trie.ts";
import type { BundleValues } from "../../src/store/rows.ts";
import { authorityContract } from "./authority-contract.ts";
import { heartbeatContract } from "./heartbeat-contract.ts";
import { gateContract } from "./gate-contract.ts";
import { leapContract } from "./leap-contract.ts";
import {
  auditOf,
  bundleOf,
  bytes,
  creation,
  headOf,
  never,
  policyOf,
  PINS,
  STATE,
  under,
  update,
  versionOf,
  underSuiteId,
} from "./rows.ts";
import { pageContract } from "./page-contract.ts";
import { walkContract } from "./walk-contract.ts";
import { rotationContract } from "./rotation-contract.ts";
import type { AuditQuery, BulkStore, Change, PathRange, Store, TimeBounds } from "../../src/store/store.ts";

/**
 * The suite of the store contract. Every implementation passes all of it.
 *
 * @param fresh an empty store, as after the migrations
 */
export function storeContract(name: string, fresh: () => Promise<BulkStore>): void {
  describe(`store contract: ${name}`, () => {
    let store: BulkStore;
    beforeEach(async () => {
      store = await underSuiteId(await fresh());
    });

    const commit = async (change: Change) =>
      await store.commit(change, { secret: { path: "a", version: "none" } }, never);
    const view = async (path = "a", version: "current" | "none" | number = "none") =>
      (await store.load({ secret: { path, version } }, never)).secret;

    readsAnEmptyStore(() => store);
    rotationContract(() => store);
    gateContract(() => store);
    leapContract(() => store);
    authorityContract(() => store);
    walkContract(() => store);
    heartbeatContract(() => store);
    describe("one change", () => {
      it("stores head, version and audit entry under its revision", async () => {
        expect(await commit(creation("w1"))).toEqual({ won: true, revision: 1 });
        const found = await store.load({ secret: { path: "a", version: "none" } }, never);
        expect(found).toMatchObject({ store: { revision: 1 }, newest: bytes(2) });
        const head = { ...headOf("w1"), version: 1 };
        const { sealed: _, ...state } = versionOf(1, "w1");
        expect(found.secret).toEqual({
          head,
          states: [state],
          version: undefined,
          tail: { ...auditOf("w1"), revision: 1 },
        });
        expect(await view("a", 1)).toMatchObject({ head, version: versionOf(1, "w1") });
        expect(await view("a", "current")).toMatchObject({ head, states: undefined, version: versionOf(1, "w1") });
        expect((await view("a", 2)).version).toBeUndefined();
      });

      it("keeps every column: nulls, large integers, bytes of any length", async () => {
        const head = {
          currentUntil: 9_007_199_254_740_991,
          currentWriteId: null,
          custom: Uint8Array.of(0, 255, 7),
          casRequired: true,
          deleteAfter: 5,
        };
        await commit(
          creation("w1", { head, versions: { insert: versionOf(1, "w1", { sealed: null, destroyedAt: 9 }) } }),
        );
        expect((await view()).head).toMatchObject(head);
        expect((await view("a", 1)).version).toMatchObject({ sealed: null, destroyedAt: 9 });
      });

      it("numbers commits without gaps, whatever they change", async () => {
        await commit(creation("w1"));
        await commit(creation("w2", { path: "b" }));
        await commit(update("w3", 1));
        await commit({ audit: auditOf("w4", { resource: "policy:p" }), tail: 0, ...PINS });
        const { audit, store: row } = await store.load({ audit: { after: 0, limit: 10 } }, never);
        expect(audit.rows.map((entry) => [entry.revision, entry.writeId])).toEqual([
          [1, "w1"],
          [2, "w2"],
          [3, "w3"],
          [4, "w4"],
        ]);
        expect(row.revision).toBe(4);
        expect((await view()).head?.version).toBe(3);
        expect((await view("b")).head?.version).toBe(2);
      });

      it("removes a secret with all its versions", async () => {
        await commit(creation("w1"));
        const removal = { audit: auditOf("w2", { action: "remove" }), tail: 1, ...PINS };
        await commit({ ...removal, secret: { kind: "remove", path: "a" } });
        expect(await view("a", 1)).toMatchObject({ head: undefined, states: [], version: undefined });
        expect((await view()).tail?.writeId).toBe("w2");
      });
    });

    describe("versions", () => {
      const three = async () => {
        await commit(creation("w1"));
        await commit(update("w2", 1, { head: { current: 2 }, versions: { insert: versionOf(2, "w2") } }));
        await commit(update("w3", 2, { head: { current: 3 }, versions: { insert: versionOf(3, "w3") } }));
      };
      const deletions = async () => (await view()).states?.map((state) => [state.number, state.deletedAt]);

      it("prunes versions permanently", async () => {
        await three();
        await commit(update("w4", 3, { versions: { pruneBelow: 3, insert: versionOf(4, "w4") } }));
        expect(await deletions()).toEqual([
          [3, null],
          [4, null],
        ]);
      });

      it("soft-deletes and restores only the given numbers", async () => {
        await three();
        await commit(update("w4", 3, { versions: { softDelete: { numbers: [1, 3, 99], at: 77 } } }));
        expect(await deletions()).toEqual([
          [1, 77],
          [2, null],
          [3, 77],
        ]);
        await commit(update("w5", 4, { versions: { restore: { numbers: [3] } } }));
        expect(await deletions()).toEqual([
          [1, 77],
          [2, null],
          [3, null],
        ]);
      });

      it("returns the highest live version and all states once the current version has expired", async () => {
        await three();
        const past = 1_600_000_000_000;
        await commit(
          update("w4", 3, {
            head: { current: 3, currentUntil: past },
            versions: { softDelete: { numbers: [3], at: past } },
          }),
        );
        const found = await view("a", "current");
        expect(found.version?.number).toBe(2);
        expect(found.states).toHaveLength(3);
      });

      it.each<readonly [string, TimeBounds, number, number]>([
        ["before the earliest time", { earliest: 3e15, latest: 4e15 }, 2e15, 2],
        ["at the earliest time", { earliest: 3e15, latest: 4e15 }, 3e15, 2],
        ["after the earliest time", { earliest: 3e15, latest: 4e15 }, 3e15 + 1, 3],
        ["at the latest time", { earliest: 0, latest: 1000 }, 1000, 2],
        ["after the latest time", { earliest: 0, latest: 1000 }, 1001, 3],
        ["at the time of the last write, after the latest time", { earliest: 0, latest: 0 }, 10, 2],
      ])("expires within the bounds of the request: %s", async (_, bounds, until, current) => {
        await three();
        await commit(
          update("w4", 3, {
            head: { current: 3, currentUntil: until, writtenAt: 10 },
            versions: { softDelete: { numbers: [3], at: until } },
          }),
        );
        const { secret } = await store.load({ secret: { path: "a", version: "current", bounds } }, never);
        expect(secret.version?.number).toBe(current);
        expect(secret.states?.length).toBe(current === 3 ? undefined : 3);
      });

      it("returns the current version until it expires", async () => {
        await three();
        const ahead = 4_000_000_000_000;
        await commit(
          update("w4", 3, {
            head: { current: 3, currentUntil: ahead },
            versions: { softDelete: { numbers: [3], at: ahead } },
          }),
        );
        expect(await view("a", "current")).toMatchObject({ states: undefined, version: { number: 3 } });
      });
    });

    losesWhatItMust(() => store, commit);
    listsPaths(() => store, commit);
    pageContract(() => store, commit);
    keepsPolicies(() => store);
    keepsBundles(() => store);
    readsTheAudit(() => store, commit);
    prunesTheAudit(() => store, commit);
    racesFairly(() => store);
  });
}

function readsAnEmptyStore(store: () => Store): void {
  it("is empty at first, with a store id and a clock", async () => {
    const snapshot = await store().load(
      {
        secret: { path: "a", version: "current" },
        paths: { prefix: "", after: "", limit: 5 },
        audit: { after: 0, limit: 5 },
        writeId: "w",
      },
      never,
    );
    expect(snapshot.store).toMatchObject({ revision: 0, epoch: 0, schemaVersion: 2, auditFloor: 0 });
    expect(snapshot.store).toMatchObject({ authority: AuthorityTrie.of([]).root, generation: "", acknowledged: 0 });
    expect(snapshot.store).toMatchObject({ keyId: null, mac: null });
    expect(snapshot.store.storeId).not.toBe("");
    expect(Math.abs(snapshot.now - Date.now())).toBeLessThan(60_000);
    expect(snapshot).toMatchObject({ newest: null, keys: [], nodes: [], replay: undefined });
    expect(snapshot).toMatchObject({ paths: { rows: [], more: false }, audit: { rows: [], more: false } });
    expect(snapshot.secret).toMatchObject({ head: undefined, version: undefined, tail: undefined });
  });
}

function losesWhatItMust(store: () => Store, commit: (change: Change) => Promise<{ readonly won: boolean }>): void {
  describe("loses and changes nothing", () => {
    const everything = async () =>
      await store().load(
        {
          secret: { path: "a", version: 1 },
          paths: { prefix: "", after: "", limit: 9 },
          audit: { after: 0, limit: 9 },
        },
        never,
      );
    const expectLost = async (change: Change) => {
      const { now: _, ...before } = await everything();
      expect((await commit(change)).won).toBe(false);
      const { now: __, ...after } = await everything();
      expect(after).toEqual(before);
    };

    it("a creation if there is a head", async () => {
      await commit(creation("w1"));
      await expectLost(creation("w2"));
      await expectLost(creation("w3", { tail: 1 }));
    });

    it("a creation if a head was created and removed since", async () => {
      await commit(creation("w1"));
      const secret = { kind: "remove", path: "a" } as const;
      await commit({ audit: auditOf("w2", { action: "remove" }), tail: 1, ...PINS, secret });
      await expectLost(creation("w3"));
      await expectLost(creation("w4", { tail: 1 }));
      expect((await commit(creation("w5", { tail: 2 }))).won).toBe(true);
    });

    it("an update or removal of another row version, or of a missing row", async () => {
      // Decided on a revision that the store has reached, so that it loses for its row alone.
      await expectLost(update("w0", 1, { audit: { base: 0 } }));
      await commit(creation("w1"));
      await commit(update("w2", 1));
      await expectLost({ ...update("w3", 1), tail: 2 });
      await expectLost(update("w3", 1, { versions: { insert: versionOf(2, "w3") } }));
      const secret = { kind: "remove", path: "a" } as const;
      await expectLost({ audit: auditOf("w4"), tail: 1, ...PINS, secret });
    });

    it("a removal if the secret was changed, or removed and created again, since", async () => {
      const removal = (writeId: string, tail: number): Change => ({
        audit: auditOf(writeId, { action: "remove" }),
        tail,
        ...PINS,
        secret: { kind: "remove", path: "a" },
      });
      await commit(creation("w1"));
      await commit(update("w2", 1));
      await expectLost(removal("w3", 1));
      expect((await commit(removal("w4", 2))).won).toBe(true);
      expect((await commit(creation("w5", { tail: 3, ...PINS }))).won).toBe(true);
      await expectLost(removal("w6", 2));
      await expectLost(removal("w7", 3));
    });

    it("a write id that was committed before, for any resource", async () => {
      await commit(creation("w1"));
      await expectLost(creation("w1", { path: "b" }));
      await expectLost(update("w1", 1));
      const { replay } = await store().load({ writeId: "w1" }, never);
      expect(replay).toEqual({ ...auditOf("w1"), revision: 1 });
    });

    it("a second initial commit", async () => {
      const key = { keyId: "k1", checkValue: bytes(6), createdAt: 5 };
      const init = { keys: [key], keyId: "k1", mac: bytes(7) };
      expect((await commit({ ...creation("w1"), init })).won).toBe(true);
      const { keys, store: row } = await everything();
      expect(keys).toEqual([{ ...key, hasPolicies: false }]);
      expect(row).toMatchObject({ revision: 1, keyId: "k1", mac: bytes(7) });
      const decidedOn = { ...PINS.decidedOn, keyId: "k1" };
      await expectLost({
        ...creation("w2", { path: "b" }),
        decidedOn,
        init: { ...init, keys: [{ ...key, keyId: "k2" }] },
      });
      await expectLost({ ...creation("w2", { path: "b" }), init: { ...init, keys: [{ ...key, keyId: "k2" }] } });
      expect((await commit({ ...creation("w2", { path: "b" }), decidedOn })).won).toBe(true);
    });

    it("a change of a resource without a row that has changed since", async () => {
      await commit({ audit: auditOf("w1", { resource: "policy:p" }), tail: 0, ...PINS });
      await expectLost({ audit: auditOf("w2", { resource: "policy:p" }), tail: 0, ...PINS });
      expect((await commit({ audit: auditOf("w3", { resource: "policy:p" }), tail: 1, ...PINS })).won).toBe(true);
    });
  });
}

function listsPaths(store: () => Store, commit: (change: Change) => Promise<unknown>): void {
  it("lists paths in byte order, by prefix, after a path, up to a limit", async () => {
    const paths = ["b", "a/é", "a/b", "a", "A", "a/", "a/b/c", "ab", "a/\u{1F511}", "a/\uFFFD"];
    for (const path of paths) await commit(creation(`w-${path}`, { path }));
    const list = async (prefix: string, after = "", limit = 100) =>
      (await store().load({ paths: { prefix, after, limit } }, never)).paths.rows;
    const sorted = ["A", "a", "a/", "a/b", "a/b/c", "a/é", "a/\uFFFD", "a/\u{1F511}", "ab", "b"];
    expect(await list("")).toEqual(sorted);
    expect(await list("a/")).toEqual(sorted.slice(2, 8));
    expect(await list("a/", "a/b")).toEqual(sorted.slice(4, 8));
    expect(await list("a/", "a/b", 2)).toEqual(sorted.slice(4, 6));
    expect(await list("a/", "", 1)).toEqual(["a/"]);
    expect(await list("zz")).toEqual([]);
    expect(await list("%")).toEqual([]);
    const within = async (starts: readonly string[], prefix = "", after = "", limit = 100) => {
      const ranges = starts.map((start): PathRange => [start, `${start}\u{10FFFF}`]);
      return (await store().load({ paths: { prefix, after, limit, within: ranges } }, never)).paths.rows;
    };
    expect(await within(["A", "a/b", "ab", "none"])).toEqual(["A", "a/b", "a/b/c", "ab"]);
    expect(await within(["a/b", "ab"], "a/", "a/b")).toEqual(["a/b/c"]);
    expect(await within(["a/b", "b"], "", "", 2)).toEqual(["a/b", "a/b/c"]);
    expect(await within([""], "a/b")).toEqual(["a/b", "a/b/c"]);
    expect(await within([])).toEqual([]);
    expect(await within(['"', "%", "'"])).toEqual([]);
    const { rows } = (
      await store().load(
        {
          paths: {
            prefix: "",
            after: "",
            limit: 9,
            within: [
              ["a", "a/b"],
              ["ab", "ac"],
            ],
          },
        },
        never,
      )
    ).paths;
    expect(rows).toEqual(["a", "a/", "ab"]);
  });
}

function keepsPolicies(store: () => Store): void {
  describe("policies", () => {
    const POLICY = { policy: { name: "p", slot: 0 }, chain: { resource: "policy:p" } } as const;
    const entry = (name: string, writeId: string) => auditOf(writeId, { resource: `policy:${name}` });
    const create = (name: string, writeId: string, tags: readonly [id: number, path: number] = [10, 20]): Change => ({
      audit: entry(name, writeId),
      tail: 0,
      ...PINS,
      policy: { kind: "create", row: policyOf(name, writeId, { idTag: bytes(tags[0]), pathTag: bytes(tags[1]) }) },
    });
    const commit = async (change: Change) => await store().commit(change, POLICY, never);
    const names = async (idTags: readonly number[], pathTags: readonly number[], limit = 100) => {
      const lists = { idTags: idTags.map(bytes), pathTags: pathTags.map(bytes), limit };
      const { grants, identityGrants } = await store().load({ grants: lists, identityGrants: lists }, never);
      const sorted = (views: typeof grants) => views.rows.map(({ name }) => name).toSorted();
      return [sorted(grants), sorted(identityGrants)];
    };

    it("are stored whole, replaced, and removed, each time under the revision that was won", async () => {
      expect(await commit(create("p", "w1"))).toMatchObject({ won: true, revision: 1 });
      const load = async () => {
        const { policy, chain } = await store().load(POLICY, never);
        return { ...policy, ...chain };
      };
      const row = { ...policyOf("p", "w1"), version: 1 };
      expect(await load()).toEqual({ row, tail: { ...entry("p", "w1"), revision: 1 } });
      const next = policyOf("p", "w2", {
        sealed: bytes(31),
        idTag: bytes(11),
        epoch: 3,
        base: 8,
        slot: 2 ** 48 - 1,
        keyId: "k2",
        updatedAt: 9,
      });
      const update: Change = {
        audit: entry("p", "w2"),
        tail: 1,
        ...PINS,
        policy: { kind: "update", seen: 1, row: next },
      };
      expect(await commit(update)).toEqual({ won: true, revision: 2 });
      expect(await load()).toEqual({ row: { ...next, version: 2 }, tail: { ...update.audit, revision: 2 } });
      const removal = {
        audit: entry("p", "w3"),
        tail: 2,
        ...PINS,
        policy: { kind: "remove", seen: 2, name: "p" },
      } as const;
      expect((await commit(removal)).won).toBe(true);
      expect(await load()).toMatchObject({ row: undefined, tail: { revision: 3 } });
    });

    it("lose when they are not as they were seen, or came and went since", async () => {
      await commit(create("p", "w1"));
      expect((await commit(create("p", "w2"))).won).toBe(false);
      expect((await commit({ ...create("p", "w2"), tail: 1 })).won, "is there").toBe(false);
      const row = policyOf("p", "w3");
      const stale: Change = { audit: entry("p", "w3"), tail: 1, ...PINS, policy: { kind: "update", seen: 7, row } };
      expect((await commit(stale)).won).toBe(false);
      const removal = {
        audit: entry("p", "w4"),
        tail: 1,
        ...PINS,
        policy: { kind: "remove", seen: 7, name: "p" },
      } as const;
      expect((await commit(removal)).won).toBe(false);
      expect((await commit({ ...removal, policy: { ...removal.policy, seen: 1 } })).won).toBe(true);
      expect((await commit(create("p", "w5"))).won, "has been there since").toBe(false);
      expect((await commit({ ...create("p", "w6"), tail: 2 })).won).toBe(true);
      const { store: after, policy } = await store().load(POLICY, never);
      expect([after.revision, policy.row?.writeId]).toEqual([3, "w6"]);
    });

    it("are found by both tags or by the identity tag", async () => {
      await commit(create("both", "w1", [1, 2]));
      await commit(create("any", "w2", [0, 0]));
      await commit(create("other path", "w3", [1, 9]));
      await commit(create("other id", "w4", [9, 2]));
      expect(await names([0, 1], [0, 2])).toEqual([
        ["any", "both"],
        ["any", "both", "other path"],
      ]);
      expect(await names([], [])).toEqual([[], []]);
      expect((await names([0, 1, 9], [0, 2, 9], 2)).map((found) => found.length)).toEqual([2, 2]);
      const query = { grants: { idTags: [bytes(1)], pathTags: [bytes(2)], limit: 9 } };
      const { grants } = await store().load(query, never);
      expect(grants.rows).toMatchObject([{ name: "both", version: 1, writeId: "w1" }]);
    });

    it("are listed by name in byte order, after a name", async () => {
      for (const [index, name] of ["b", "a", "B", "a b"].entries()) await commit(create(name, `w${index}`));
      const list = async (after: string, limit: number) =>
        (await store().load({ policies: { after, limit } }, never)).policies.rows.map(({ name, writeId }) => [
          name,
          writeId,
        ]);
      expect(await list("", 9)).toEqual([
        ["B", "w2"],
        ["a", "w1"],
        ["a b", "w3"],
        ["b", "w0"],
      ]);
      expect(await list("a", 1)).toEqual([["a b", "w3"]]);
    });

    it("hide everything that needs a policy while no policy concerns the caller", async () => {
      await commit(create("p", "w1", [1, 2]));
      await commit(creation("w2"));
      const seen = async (idTag: number, pathTag: number) => {
        const { secret, paths, policy, policies, chain } = await store().load(
          {
            grants: { idTags: [bytes(idTag)], pathTags: [bytes(pathTag)], limit: 9 },
            secret: { path: "a", version: 1 },
            paths: { prefix: "", after: "", limit: 9 },
            ...POLICY,
            policies: { after: "", limit: 9 },
          },
          never,
        );
        const { head, states, version, tail } = secret;
        return [head, states?.[0], version, tail, paths.rows[0], policy.row, chain.tail, policies.rows[0]].map(Boolean);
      };
      expect(new Set(await seen(1, 2))).toEqual(new Set([true]));
      expect(new Set(await seen(1, 3))).toEqual(new Set([false]));
      expect(new Set(await seen(0, 2))).toEqual(new Set([false]));
      const current = async (idTag: number) =>
        await store().load(
          {
            grants: { idTags: [bytes(idTag)], pathTags: [bytes(2)], limit: 9 },
            secret: { path: "a", version: "current" },
          },
          never,
        );
      expect((await current(1)).secret.version?.number).toBe(1);
      expect((await current(0)).secret).toEqual({
        head: undefined,
        states: undefined,
        version: undefined,
        tail: undefined,
      });
    });

    it("and secrets count for the keys in use", async () => {
      const keys = ["k1", "k2", "k3"].map((keyId) => ({ keyId, checkValue: bytes(6), createdAt: 5 }));
      await commit({ ...create("p", "w1"), init: { keys, keyId: "k1", mac: bytes(7) } });
      const use = async () => (await store().load({ keyUse: {} }, never)).keyUse;
      expect((await use()).filter(({ used }) => used)).toEqual([{ keyId: "k1", used: true }]);
      await commit(under("k1", creation("w2", { head: { keyId: "k3" } })));
      expect(await use()).toEqual([
        { keyId: "k1", used: true },
        { keyId: "k2", used: false },
        { keyId: "k3", used: true },
      ]);
    });
  });
}

/** Entries 1 to 6 of resources a, b, a, c, b, a, each decided on the one before, by two callers, 10 ms apart. */
async function sixEntries(commit: (change: Change) => Promise<unknown>): Promise<void> {
  const tails = new Map<string, number>();
  for (const [index, resource] of ["a", "b", "a", "c", "b", "a"].entries()) {
    const at = 1_000_000 + index * 10;
    const spiffeId = `spiffe://example.org/${index % 2}`;
    const audit = auditOf(`w${index + 1}`, { resource, at, spiffeId, base: index });
    await commit({ audit, tail: tails.get(resource) ?? 0, ...PINS });
    tails.set(resource, index + 1);
  }
}

function readsTheAudit(store: () => Store, commit: (change: Change) => Promise<unknown>): void {
  describe("the audit", () => {
    beforeEach(async () => await sixEntries(commit));

    it.each<readonly [string, Partial<AuditQuery>, readonly number[]]>([
      ["all", {}, [1, 2, 3, 4, 5, 6]],
      ["behind a revision, up to another", { after: 2, upTo: 4 }, [3, 4]],
      ["at most so many", { after: 1, limit: 2 }, [2, 3]],
      ["of a resource", { resource: "a" }, [1, 3, 6]],
      ["of a resource, behind a revision", { resource: "a", after: 1, limit: 1 }, [3]],
      ["of a caller", { spiffeId: "spiffe://example.org/1" }, [2, 4, 6]],
      ["of a time", { from: 1_000_010, until: 1_000_030 }, [2, 3]],
      ["of a time by the worker's clock", { from: 1_700_000_000_008, until: 1_700_000_000_009 }, [1, 2, 3, 4, 5, 6]],
      ["of a time between those of both clocks", { from: 1_000_060, until: 1_700_000_000_008 }, []],
      ["by all filters", { resource: "b", spiffeId: "spiffe://example.org/1", until: 1_000_030 }, [2]],
      ["of what is not there", { resource: "secret:none" }, []],
    ])("is read by: %s", async (_, filter, expected) => {
      const { audit } = await store().load({ audit: { after: 0, limit: 9, ...filter } }, never);
      expect(audit.rows.map(({ revision }) => revision)).toEqual(expected);
    });

    it("returns the earlier entries that a page refers to", async () => {
      const context = async (after: number, limit: number) =>
        (await store().load({ auditContext: { after, limit } }, never)).auditContext.rows.map(
          ({ revision }) => revision,
        );
      expect(await context(0, 9)).toEqual([]);
      // 4 is the first of c and was decided on 3; 5 follows 2; 6 follows 3.
      expect(await context(3, 9)).toEqual([2, 3]);
      expect(await context(3, 1)).toEqual([3]);
      expect(await context(5, 9)).toEqual([3, 5]);
      expect(await context(6, 9)).toEqual([6]);
    });

    it("returns the newest entry of a resource", async () => {
      const newest = async (resource: string) =>
        (await store().load({ chain: { resource } }, never)).chain.tail?.revision;
      expect([await newest("a"), await newest("c"), await newest("none")]).toEqual([6, 4, undefined]);
    });
  });
}

function prunesTheAudit(store: () => Store, commit: (change: Change) => Promise<{ readonly won: boolean }>): void {
  it("prunes the audit up to a floor and keeps the newest entry of each resource", async () => {
    await sixEntries(commit);
    const left = async () => {
      const snapshot = await store().load({ audit: { after: 0, limit: 99 } }, never);
      return [snapshot.store.auditFloor, ...snapshot.audit.rows.map(({ revision }) => revision)];
    };
    const prune = (writeId: string, epoch: number, above: number, floor: number): Change => ({
      audit: auditOf(writeId, { resource: "audit", epoch }),
      tail: epoch === 0 ? 0 : 6 + epoch,
      ...PINS,
      decidedOn: { ...PINS.decidedOn, keyId: epoch === 0 ? null : "k1" },
      authority: { ...STATE, auditFloor: floor, keyId: "k1", mac: bytes(epoch) },
      prune: { above, floor },
    });
    expect((await commit(prune("p1", 1, 0, 2))).won, "decided on another epoch").toBe(false);
    expect(await left()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect((await commit(prune("p1", 0, 0, 2))).won).toBe(true);
    expect(await left()).toEqual([2, 3, 4, 5, 6, 7]);
    expect((await commit(prune("p2", 1, 2, 5))).won).toBe(true);
    expect(await left()).toEqual([5, 4, 5, 6, 7, 8]);
    expect((await commit(prune("p3", 2, 5, 7))).won).toBe(true);
    expect(await left()).toEqual([7, 4, 5, 6, 8, 9]);
    const { audit } = await store().load({ audit: { after: 0, limit: 9, aboveFloor: true } }, never);
    expect(audit.rows.map(({ revision }) => revision)).toEqual([8, 9]);
    const { auditContext } = await store().load({ auditContext: { after: 0, limit: 9, aboveFloor: true } }, never);
    // Entry 7, which precedes 8 in the chain of the audit itself, is gone.
    expect(auditContext.rows.map(({ revision }) => revision)).toEqual([]);
    expect((await store().load({}, never)).store).toMatchObject({ epoch: 3, revision: 9, mac: bytes(2) });
  });
}

function racesFairly(store: () => Store): void {
  const query = { secret: { path: "a", version: "none" } } as const;

  it("lets one of many concurrent creations win", async () => {
    const attempts = Array.from({ length: 12 }, async (_, n) => await store().commit(creation(`w${n}`), query, never));
    const results = await Promise.all(attempts);
    expect(results.filter((result) => result.won)).toHaveLength(1);
    const { store: row, secret } = await store().load(query, never);
    expect(row.revision).toBe(1);
    expect(secret.states).toHaveLength(1);
  });

  it("lets a write id win once, however often it is sent at the same time", async () => {
    await store().commit(creation("w0"), query, never);
    const change = update("w1", 1, { versions: { insert: versionOf(2, "w1") } });
    const results = await Promise.all(
      Array.from({ length: 12 }, async () => await store().commit(change, query, never)),
    );
    expect(results.filter((result) => result.won)).toHaveLength(1);
    expect(results.every((result) => result.won || result.snapshot.secret.head?.version === 2)).toBe(true);
    expect((await store().load({ audit: { after: 0, limit: 9 } }, never)).audit.rows).toHaveLength(2);
  });

  it("returns to a loser the state it lost to", async () => {
    await store().commit(creation("w1"), query, never);
    await store().commit(update("w2", 1, { head: { latest: 9 } }), query, never);
    const lost = await store().commit(update("w3", 1), { ...query, writeId: "w2" }, never);
    expect(lost).toMatchObject({
      won: false,
      snapshot: { secret: { head: { version: 2, latest: 9, writeId: "w2" } }, replay: { revision: 2 } },
    });
  });

  it("does not start if the signal has aborted", async () => {
    const stopped = AbortSignal.abort();
    await expect(store().load(query, stopped)).rejects.toThrow();
    await expect(store().commit(creation("w1"), query, stopped)).rejects.toThrow();
    expect((await store().load(query, never)).store.revision).toBe(0);
  });
}

function keepsBundles(store: () => Store): void {
  describe("trust bundles", () => {
    const BUNDLE = { bundle: { trustDomain: "d", slot: 0 }, chain: { resource: "bundle:d" } } as const;
    const entry = (domain: string, writeId: string) => auditOf(writeId, { resource: `bundle:${domain}` });
    const create = (domain: string, writeId: string, overrides: Partial<BundleValues> = {}): Change => ({
      audit: entry(domain, writeId),
      tail: 0,
      ...PINS,
      bundle: { kind: "create", row: bundleOf(domain, writeId, overrides) },
    });
    const commit = async (change: Change) => await store().commit(change, BUNDLE, never);

    it("are stored whole, replaced, and removed, each time under the revision that was won", async () => {
      expect(await commit(create("d", "w1"))).toMatchObject({ won: true, revision: 1 });
      const load = async () => {
        const { bundle, chain } = await store().load(BUNDLE, never);
        return { ...bundle, ...chain };
      };
      expect(await load()).toEqual({
        row: { ...bundleOf("d", "w1"), version: 1 },
        tail: { ...entry("d", "w1"), revision: 1 },
      });
      const empty = { sequence: null, endpointUrl: null, endpointProfile: null, refreshHint: null, fetchedAt: null };
      const next = bundleOf("d", "w2", {
        ...empty,
        bundle: '{"keys":[]}',
        epoch: 3,
        base: 8,
        slot: 2 ** 48 - 1,
        keyId: "k2",
        mac: bytes(41),
      });
      const update: Change = {
        audit: entry("d", "w2"),
        tail: 1,
        ...PINS,
        bundle: { kind: "update", seen: 1, row: next },
      };
      expect(await commit(update)).toEqual({ won: true, revision: 2 });
      expect(await load()).toEqual({ row: { ...next, version: 2 }, tail: { ...update.audit, revision: 2 } });
      const removal = { kind: "remove", seen: 2, trustDomain: "d" } as const;
      expect((await commit({ audit: entry("d", "w3"), tail: 2, ...PINS, bundle: removal })).won).toBe(true);
      expect(await load()).toMatchObject({ row: undefined, tail: { revision: 3 } });
    });

    it("lose when they are not as they were seen, or came and went since", async () => {
      await commit(create("d", "w1"));
      expect((await commit(create("d", "w2"))).won).toBe(false);
      expect((await commit({ ...create("d", "w2"), tail: 1 })).won, "is there").toBe(false);
      const stale = { kind: "update", seen: 7, row: bundleOf("d", "w3") } as const;
      expect((await commit({ audit: entry("d", "w3"), tail: 1, ...PINS, bundle: stale })).won).toBe(false);
      const removal = { kind: "remove", seen: 7, trustDomain: "d" } as const;
      const audit = entry("d", "w4");
      expect((await commit({ audit, tail: 1, ...PINS, bundle: removal })).won).toBe(false);
      expect((await commit({ audit, tail: 1, ...PINS, bundle: { ...removal, seen: 1 } })).won).toBe(true);
      expect((await commit(create("d", "w5"))).won, "has been there since").toBe(false);
      expect((await commit({ ...create("d", "w6"), tail: 2 })).won).toBe(true);
      const { store: after, bundle } = await store().load(BUNDLE, never);
      expect([after.revision, bundle.row?.writeId]).toEqual([3, "w6"]);
    });

    it("are listed by trust domain, from a place on", async () => {
      for (const [index, domain] of ["b", "a", "a.b", "a-b"].entries()) await commit(create(domain, `w${index}`));
      const list = async (after: string, limit: number) =>
        (await store().load({ bundles: { after, limit } }, never)).bundles.rows.map(({ trustDomain, writeId }) => [
          trustDomain,
          writeId,
        ]);
      const all = [
        ["a", "w1"],
        ["a-b", "w3"],
        ["a.b", "w2"],
        ["b", "w0"],
      ];
      expect(await list("", 9)).toEqual(all);
      expect(await list("a", 2)).toEqual(all.slice(1, 3));
    });

    it("are returned to callers they can prove, and hide everything else if they lack the named key", async () => {
      await commit(create("d", "w1"));
      await commit({
        audit: auditOf("w2", { resource: "policy:p" }),
        tail: 0,
        ...PINS,
        policy: { kind: "create", row: policyOf("p", "w2") },
      });
      await commit(creation("w3"));
      const tags = { idTags: [bytes(10)], pathTags: [bytes(20)], limit: 9 };
      const seen = async (claim: { readonly trustDomain: string; readonly keyId?: string }) => {
        const trust = { ...claim, slot: 0 };
        const found = await store().load(
          {
            trust,
            grants: tags,
            identityGrants: tags,
            secret: { path: "a", version: 1 },
            paths: { prefix: "", after: "", limit: 9 },
            policy: { name: "p", slot: 0 },
            policies: { after: "", limit: 9 },
          },
          never,
        );
        const { head, states, version, tail } = found.secret;
        const rest = [head, states?.[0], version, tail, found.paths.rows[0], found.policy.row, found.policies.rows[0]];
        const within = { prefix: "", after: "", limit: 9, within: [["a", "b"]] } as const;
        const { paths } = await store().load({ trust, paths: within }, never);
        const shown = [...rest, found.grants.rows[0], found.identityGrants.rows[0], paths.rows[0]].map(Boolean);
        return [found.trust.row?.writeId, ...new Set(shown)];
      };
      expect(await seen({ trustDomain: "d" })).toEqual(["w1", true]);
      expect(await seen({ trustDomain: "d", keyId: "one" })).toEqual(["w1", true]);
      for (const keyId of ["two", "7", "text", ""]) {
        expect(await seen({ trustDomain: "d", keyId }), keyId).toEqual([undefined, false]);
      }
      expect(await seen({ trustDomain: "e", keyId: "one" })).toEqual([undefined, false]);
      // Without a claim, nothing is hidden.
      const { secret } = await store().load({ secret: { path: "a", version: 1 } }, never);
      expect(secret.head?.writeId).toBe("w3");
    });

    it("count for the keys in use", async () => {
      const keys = ["k1", "k2"].map((keyId) => ({ keyId, checkValue: bytes(6), createdAt: 5 }));
      await commit({ ...create("d", "w1", { keyId: "k2" }), init: { keys, keyId: "k1", mac: bytes(7) } });
      const { keyUse } = await store().load({ keyUse: {} }, never);
      expect(keyUse.every(({ used }) => used)).toBe(true);
    });
  });
}
