import { beforeEach, describe, expect, it } from "vitest";
import { changeSnapshots } from "../../test/harness/change-snapshots.ts";
import { memoryService, type MemoryService, ORIGIN, sealAgain, START } from "../../test/harness/memory-service.ts";
import { KEY_A, KEY_B, ringOf } from "../../test/harness/ring.ts";
import { verifyAudit } from "../audit/verify-audit.ts";
import { describeState, signState } from "../commit/store-row.ts";
import { verifyMac } from "../seal/mac.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";
import type { Store } from "../store/store.ts";
import { proposeStore, rebuildStore } from "./rebuild-store.ts";

const ZEROS = new Uint8Array(32);

let service: MemoryService;
const damage = (columns: Partial<StoreRow> = { mac: ZEROS }) => {
  service.state.store = { ...service.state.store, ...columns };
};
const propose = async (store: Store = service.deps.store) => await proposeStore({ ...service.deps, store });
const proposed = async () => {
  const outcome = await propose();
  if (!outcome.ok || outcome.answer === undefined) throw new Error(JSON.stringify(outcome));
  return outcome.answer;
};
/** The rule that the store row breaks, if it cannot be recovered. */
const rule = async (store: Store = service.deps.store): Promise<string | undefined> => {
  const outcome = await propose(store);
  if (outcome.ok) return undefined;
  const { failure } = outcome;
  expect(failure).toMatchObject({ code: "store_not_recoverable", fault: { member: "store" } });
  return failure.code === "store_not_recoverable" ? failure.fault.rule : "";
};
const rebuild = async (digest: string, origin: { readonly idempotencyKey?: string } = {}) =>
  await rebuildStore(service.deps, { ...ORIGIN, ...origin, digest });
const forge = async (revision: number, columns: Partial<AuditRow>) =>
  service.alter(revision, await sealAgain(service, revision, columns));

/** The store with other snapshots. */
const changed = (change: Parameters<typeof changeSnapshots>[1]): Store => changeSnapshots(service.deps.store, change);

const COPY = "Restore a backup, or copy the missing entry from one, and try again";

beforeEach(async () => {
  service = await memoryService();
  await service.put("a");
  await service.putPolicy("p", "q");
  await service.put("b", "a");
});

describe("a store row is recovered", () => {
  it.each<readonly [string, Partial<StoreRow>]>([
    ["MAC", { mac: ZEROS }],
    ["missing MAC", { mac: null }],
    ["missing key id", { keyId: null }],
    ["key id", { keyId: "z" }],
    ["epoch", { epoch: 1 }],
    ["higher epoch", { epoch: 7 }],
    ["floor", { auditFloor: 3 }],
    ["root", { authority: new Uint8Array(16) }],
    ["generation", { generation: "g" }],
    ["number of acknowledgements", { acknowledged: 1 }],
  ])("from an altered %s", async (_, columns) => {
    const { store } = service.state;
    damage(columns);
    const proposal = await proposed();
    expect(proposal).toEqual({
      store,
      basedOn: service.entry(3),
      newest: service.entry(5),
      fitsTrie: true,
      digest: expect.any(String),
    });
    expect(await rebuild(proposal.digest)).toEqual({ ok: true, answer: { digest: proposal.digest, revision: 6 } });
    expect(service.state.store).toMatchObject({ ...store, epoch: 3, revision: 6, mac: expect.any(Uint8Array) });
    expect((await verifyAudit(service.deps)).problems).toEqual([]);
    await service.put("c");
  });

  it("if nothing has raised the epoch yet", async () => {
    service = await memoryService();
    await service.put("a", "b");
    const { store } = service.state;
    damage();
    const proposal = await proposed();
    expect(proposal).toMatchObject({ store, basedOn: undefined, fitsTrie: true });
    expect(await rebuild(proposal.digest)).toMatchObject({ ok: true });
    // After a single commit, which saw no store row.
    service = await memoryService();
    await service.put("a");
    damage();
    expect(await rebuild((await proposed()).digest)).toMatchObject({ ok: true });
  });

  it("if its newest entry raised the epoch, or was decided before it", async () => {
    await service.deletePolicy("p");
    damage();
    expect(await proposed()).toMatchObject({ basedOn: { revision: 6 }, newest: { revision: 6 } });
    service.lose(1, 4, 5);
    expect(await rule()).toBeUndefined();
    service = await memoryService();
    await service.putPolicy("p", "q");
    await service.put("a");
    const { mac: anchor } = service.entry(1);
    const state = service.entry(2).state;
    await forge(3, { base: 1, anchor, epoch: 1, state });
    damage();
    expect(await proposed()).toMatchObject({ basedOn: { revision: 2 }, store: { epoch: 2 } });
  });

  it("under the key that it was registered with", async () => {
    service = service.copy(await ringOf(KEY_B, KEY_A));
    await service.register();
    const { store } = service.state;
    expect(store.keyId).toBe("b");
    damage({ keyId: "a" });
    expect(await proposed()).toMatchObject({ store });
    service.state.keys = service.state.keys.filter(({ keyId }) => keyId === "a");
    await expect(propose()).rejects.toMatchObject({ reason: "unregistered_key" });
  });

  it("is recorded with the digest, and repeated under the idempotency key", async () => {
    damage();
    const { digest } = await proposed();
    const first = await rebuild(digest, { idempotencyKey: "k" });
    const entry = service.entry(6);
    expect(entry).toMatchObject({ action: "rebuild", resource: "store", epoch: 2, seq: 1 });
    expect(JSON.parse(entry.outcome)).toEqual({ digest });
    const request = { label: "request", fields: ["store.rebuild", digest] };
    expect(await verifyMac(service.deps.ring.primary, request, entry.request)).toBe(true);
    expect(await rebuild(digest, { idempotencyKey: "k" })).toEqual({ ok: true, answer: { revision: 6 } });
    expect(first).toMatchObject({ ok: true, answer: { revision: 6 } });
    expect(await rebuild("other", { idempotencyKey: "k" })).toEqual({
      ok: false,
      failure: { code: "idempotency_key_reused" },
    });
    damage();
    expect(await rebuild((await proposed()).digest)).toMatchObject({ ok: true });
    expect(service.entry(7)).toMatchObject({ seq: 2, prev: entry.mac });
  });

  it("even if entries are missing or altered that cannot have raised the epoch", async () => {
    await service.put("c", "d");
    service.lose(1);
    service.alter(4, { spiffeId: "x" });
    damage();
    expect(await rule()).toBeUndefined();
    await forge(7, { base: 4, anchor: service.entry(4).mac });
    service.alter(5, { spiffeId: "x" });
    expect(await rule()).toContain("the entry at revision 5,");
  });

  it("with more entries after the base of the newest than one load returns", async () => {
    const small = changed((snapshot, { audit }) => {
      if (audit?.upTo === undefined || snapshot.audit === undefined) return {};
      expect(audit).toMatchObject({ upTo: 8, limit: 1000 });
      return { audit: { rows: snapshot.audit.rows.slice(0, 2), more: true } };
    });
    await service.put("c", "d", "e");
    await forge(8, { base: 3, anchor: service.entry(3).mac });
    damage();
    expect(await rule(small)).toBeUndefined();
    service.alter(7, { spiffeId: "x" });
    expect(await rule(small)).toContain("the entry at revision 7,");
    service.lose(7);
    expect(await rule(small)).toContain("the entry at revision 7,");
    const none = changed((_, { audit }) => (audit?.upTo === undefined ? {} : { audit: { rows: [], more: false } }));
    expect(await rule(none)).toContain("the entry at revision 4,");
  });
});

describe("a proposal", () => {
  it("has a digest of the store row, the newest entry and whether the trie fits", async () => {
    damage();
    const first = await proposed();
    const root = service.state.nodes.get(1)!;
    service.state.nodes.set(1, Uint8Array.of(0));
    const other = await proposed();
    expect([first.fitsTrie, other.fitsTrie]).toEqual([true, false]);
    service.state.nodes.delete(1);
    expect(await proposed()).toEqual(other);
    service.state.nodes.set(1, root);
    expect(await proposed()).toEqual(first);
    service.state.store = { ...first.store };
    await service.put("c");
    damage();
    const later = await proposed();
    await forge(6, { traceId: "other" });
    const forged = await proposed();
    expect(new Set([first, other, later, forged].map(({ digest }) => digest)).size).toBe(4);
  });

  it("has a digest in a fixed format", async () => {
    service = await memoryService();
    await service.put("a");
    service.alter(1, await sealAgain(service, 1, { writeId: "w", request: ZEROS, at: START, workerAt: START }));
    damage();
    expect((await proposed()).digest).toBe("bVb2HEqxGYlCn2BlRLWnapyYA_qdFhnLu4GBlKbtP_s");
  });

  it("fits a trie that is damaged below its root, and one whose rows are lost", async () => {
    service = await memoryService();
    await service.putPolicy(...Array.from({ length: 20 }, (_, n) => `p${n}`));
    await service.put("a");
    service.state.nodes.set(5, Uint8Array.of(0));
    damage();
    expect(await proposed()).toMatchObject({ fitsTrie: true });
    service.state.nodes.delete(5);
    expect(await proposed()).toMatchObject({ fitsTrie: true });
    service = await memoryService();
    await service.putPolicy("p");
    service.state.policies.clear();
    damage();
    expect(await proposed()).toMatchObject({ fitsTrie: true });
  });

  it("is not needed while the store row verifies", async () => {
    expect(await propose()).toEqual({ ok: true, answer: undefined });
    expect(await rebuild("")).toEqual({ ok: false, failure: { code: "store_not_damaged" } });
  });

  it("is what a rebuild requires", async () => {
    damage();
    expect(await rebuild("other")).toEqual({ ok: false, failure: { code: "list_changed" } });
    service.lose(5);
    expect(await rebuild("other")).toMatchObject({ ok: false, failure: { code: "store_not_recoverable" } });
    expect(service.state.store.revision).toBe(5);
  });

  it("needs a ring with the keys of the store, and a store that answers", async () => {
    damage();
    const { keys } = service.state;
    service.state.keys = keys.map((key) => ({ ...key, checkValue: ZEROS }));
    await expect(propose()).rejects.toMatchObject({ reason: "wrong_key" });
    service.state.keys = keys;
    const broken = {
      ...service.deps.ring,
      get keys(): never {
        throw new TypeError("broken");
      },
    };
    await expect(proposeStore({ ...service.deps, ring: broken })).rejects.toThrow("broken");
    damage({ epoch: 0.5 });
    await expect(propose()).rejects.toThrow(RangeError);
    damage({ epoch: 2 });
    service.alter(5, { seq: 0.5 });
    await expect(propose()).rejects.toThrow(RangeError);
  });
});

describe("a store row is not recovered", () => {
  it.each<readonly [string, () => void | Promise<void>, string]>([
    ["without its newest entry", () => service.lose(5), `must have its newest audit entry, at revision 5. ${COPY}`],
    [
      "with a newest entry that does not verify",
      () => service.alter(5, { spiffeId: "x" }),
      `must have a newest audit entry that verifies, at revision 5. ${COPY}`,
    ],
    [
      "from an entry that does not verify",
      () => service.alter(3, { spiffeId: "x" }),
      `must follow from the entry at revision 3, which does not verify. ${COPY}`,
    ],
    [
      "from an entry that leads to another epoch",
      async () => await forge(3, { leadsTo: describeState({ ...service.state.store, keyId: "a", epoch: 7 }) }),
      `must follow from the entry at revision 3, which does not verify. ${COPY}`,
    ],
    [
      "from an entry that leads to nothing",
      async () => await forge(3, { leadsTo: "{}" }),
      `must follow from the entry at revision 3, which does not verify. ${COPY}`,
    ],
    [
      "from two entries that claim one epoch",
      async () => await forge(2, { epoch: 1 }),
      "must follow from one entry, but those at revisions 2 and 3 claim one epoch",
    ],
    [
      "if a newer entry saw a higher epoch",
      () => service.lose(3),
      `must be the one that the entry at revision 5 saw. ${COPY}`,
    ],
    [
      "if a newer entry saw another store row",
      async () => await forge(5, { state: ZEROS }),
      `must be the one that the entry at revision 5 saw. ${COPY}`,
    ],
    [
      "if a newer entry saw none",
      async () => await forge(5, { base: 0, anchor: null }),
      `must be the one that the entry at revision 5 saw. ${COPY}`,
    ],
    [
      "if the newest entry claims a higher epoch without a store row",
      async () => await forge(5, { base: 0, anchor: null, state: null, epoch: 3 }),
      `must be the one that the entry at revision 5 saw. ${COPY}`,
    ],
    [
      "if the newest entry claims an earlier epoch, and one before it is missing",
      async () => {
        await forge(5, { epoch: 1, state: service.entry(3).state });
        service.lose(4);
      },
      `must be the one after the entry at revision 4, which is missing, does not verify or saw another one. ${COPY}`,
    ],
    [
      "if an entry after the base of the newest is missing",
      async () => {
        await service.put("c");
        await forge(6, { base: 3, anchor: service.entry(3).mac });
        service.lose(4);
      },
      `must be the one after the entry at revision 4, which is missing, does not verify or saw another one. ${COPY}`,
    ],
    [
      "if an entry after the base of the newest saw another store row",
      async () => {
        await service.put("c");
        await forge(4, { state: ZEROS });
        await forge(6, { base: 3, anchor: service.entry(3).mac });
      },
      `must be the one after the entry at revision 4, which is missing, does not verify or saw another one. ${COPY}`,
    ],
    [
      "if the newest entry was decided in an earlier epoch, and one before it is missing",
      async () => {
        await service.put("c");
        await forge(6, { base: 2, anchor: service.entry(2).mac, epoch: 1, state: service.entry(3).state });
        service.lose(5);
      },
      `must be the one after the entry at revision 5, which is missing, does not verify or saw another one. ${COPY}`,
    ],
  ])("%s", async (_, prepare, expected) => {
    await prepare();
    damage();
    expect(await rule()).toBe(expected);
  });

  it("from nothing, if the first entry saw another key or its own key left the ring", async () => {
    service = await memoryService();
    await service.put("a", "b");
    await forge(2, { state: ZEROS });
    damage();
    expect(await rule()).toBe(`must be the one that the entry at revision 2 saw. ${COPY}`);
    service.alter(2, { keyId: "z" });
    await expect(rule()).rejects.toMatchObject({ reason: "unknown_key" });
  });

  it("if the database hides that the newest entry raised the epoch again", async () => {
    const hiding = changed((snapshot) => {
      const rows = snapshot.authorityEntries?.rows.filter(({ revision }) => revision < 6) ?? [];
      return { authorityEntries: { rows, more: false } };
    });
    await service.deletePolicy("p");
    damage();
    expect(await rule(hiding)).toBe(`must be the one that the entry at revision 6 saw. ${COPY}`);
  });

  it("if commits were made during its loads", async () => {
    for (const part of ["audit", "level"] as const) {
      damage();
      const store = changed(({ store: row }, query) =>
        query[part] === undefined ? {} : { store: { ...row, revision: 6 } },
      );
      expect(await rule(store)).toBe(`must have its newest audit entry, at revision 5. ${COPY}`);
    }
  });

  it("if the newest entry was decided on an epoch that no other entry led to", async () => {
    const state = { ...service.state.store, keyId: "a" };
    await forge(5, { epoch: 3, state: await signState(service.deps.ring.primary, { ...state, epoch: 3 }) });
    damage();
    expect(await rule()).toBe(`must be the one that the entry at revision 5 saw. ${COPY}`);
  });
});
