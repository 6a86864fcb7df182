import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { changeSnapshots } from "../../test/harness/change-snapshots.ts";
import { memoryService, type MemoryService, ORIGIN, sealAgain, START } from "../../test/harness/memory-service.ts";
import { KEY_A, KEY_B, ringOf } from "../../test/harness/ring.ts";
import { verifyMac } from "../seal/mac.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow } from "../store/rows.ts";
import type { Query, Store } from "../store/store.ts";
import { acknowledgeFaults } from "./acknowledge.ts";
import { pruneAudit } from "./prune-audit.ts";
import { verifyAudit } from "./verify-audit.ts";

const DAY = 86_400_000;
const ZEROS = new Uint8Array(32);

let service: MemoryService;
const setClocks = (database: number, worker = database) => {
  service.clock.database = START + database * DAY;
  service.clock.worker = START + worker * DAY;
};
/** Puts paths on days: `a@3`, or `a@DATABASE/WORKER` if its clocks differ. */
const put = async (...puts: readonly string[]) => {
  for (const text of puts) {
    const [path = "", days = ""] = text.split("@");
    const [database = 0, worker = database] = days.split("/").map(Number);
    setClocks(database, worker);
    await service.put(path);
  }
};
const prune = async (days = 7, store: Store = service.deps.store) =>
  await pruneAudit({ ...service.deps, store }, { ...ORIGIN, days });
/** The floor after pruning on a day. */
const floorOn = async (database: number, worker = database): Promise<number> => {
  setClocks(database, worker);
  const result = await prune();
  if (!result.ok) throw new Error(result.failure.code);
  return result.answer.floor;
};
const forge = async (revision: number, columns: Partial<AuditRow>) =>
  service.alter(revision, await sealAgain(service, revision, columns));

const countLoads = (): { readonly store: Store; readonly loads: () => number } => {
  let count = 0;
  const store = changeSnapshots(service.deps.store, (_, __, loads) => ((count = loads), {}));
  return { store, loads: () => count };
};

beforeEach(async () => {
  service = await memoryService();
});

describe("pruning", () => {
  it("raises the floor to the newest old entry that a later one confirms, and records it", async () => {
    await put("a@0", "a@1", "b@2", "a@20");
    setClocks(20);
    expect(await prune()).toEqual({ ok: true, answer: { floor: 3, more: false, revision: 5 } });
    expect(service.state.store).toMatchObject({ auditFloor: 3, epoch: 1 });
    expect(service.state.audit.map(({ revision }) => revision)).toEqual([3, 4, 5]);
    const entry = service.entry(5);
    expect(entry).toMatchObject({ action: "prune", resource: "audit", seq: 1 });
    expect(JSON.parse(entry.outcome)).toEqual({ floor: 3, more: false });
    const request = { label: "request", fields: ["audit.prune", 7] };
    expect(await verifyMac(service.deps.ring.primary, request, entry.request)).toBe(true);
    await put("a@40");
    expect(await floorOn(60)).toBe(5);
    expect(service.entry(7)).toMatchObject({ resource: "audit", seq: 2, prev: entry.mac });
  });

  it("needs at least 7 days", async () => {
    await expect(prune(6)).rejects.toThrow(new RangeError("Cannot prune the audit: 6 days is less than 7"));
    await expect(prune(7)).resolves.toMatchObject({ ok: true });
  });

  it("changes nothing if there is nothing to prune", async () => {
    expect(await prune()).toEqual({ ok: true, answer: { floor: 0, more: false, revision: 0 } });
    await put("a@0", "a@1");
    expect(await floorOn(5)).toBe(0);
    // One load suffices.
    const counting = countLoads();
    setClocks(5);
    await prune(7, counting.store);
    expect(counting.loads()).toBe(1);
    // No later entry confirms the only old one.
    service = await memoryService();
    await put("a@0");
    expect(await floorOn(50)).toBe(0);
    expect(service.state.store.revision).toBe(1);
  });

  it.each<readonly [string, readonly string[], readonly [number, number?], number]>([
    ["keeps an entry of exactly the limit", ["a@0", "a@3", "a@20"], [10], 1],
    ["prunes an entry just beyond it", ["a@0", "a@2.999", "a@20"], [10], 2],
    ["keeps what is younger by the database's clock now", ["a@0", "a@0", "a@20"], [6, 40], 0],
    ["keeps what is younger by the worker's clock now", ["a@0", "a@0", "a@20"], [40, 6], 0],
    ["keeps what was young by the database's clock", ["a@0", "a@30/0", "a@30"], [32], 1],
    ["keeps what was young by the worker's clock", ["a@0", "a@0/30", "a@30"], [32], 1],
    ["goes on after an entry that a later one dates", ["a@0", "a@900/1", "a@2", "a@30"], [32], 3],
  ])("%s", async (_, puts, now, floor) => {
    await put(...puts);
    expect(await floorOn(...now)).toBe(floor);
  });

  it("repeats its answer under the idempotency key", async () => {
    await put("a@0", "a@1", "a@30");
    setClocks(30);
    const request = { ...ORIGIN, days: 7, idempotencyKey: "once" };
    const first = await pruneAudit(service.deps, request);
    expect(first).toMatchObject({ ok: true, answer: { floor: 2, revision: 4 } });
    expect(await pruneAudit(service.deps, request)).toEqual(first);
    expect(await pruneAudit(service.deps, { ...request, days: 8 })).toEqual({
      ok: false,
      failure: { code: "idempotency_key_reused" },
    });
    for (const outcome of [
      {},
      null,
      7,
      { floor: 2 },
      { more: false },
      { floor: "2", more: false },
      { floor: 2, more: 0 },
    ]) {
      await forge(4, { outcome: JSON.stringify(outcome) });
      await expect(pruneAudit(service.deps, request)).rejects.toMatchObject({ reason: "malformed" });
    }
  });

  it("is denied without permission", async () => {
    await put("a@0", "a@1", "a@30");
    const access = { query: {}, isUnrestricted: false, permits: async () => await Promise.resolve(undefined) };
    const result = await pruneAudit({ ...service.deps, access }, { ...ORIGIN, days: 7 });
    expect(result).toEqual({ ok: false, failure: { code: "denied" } });
  });
});

describe("pruning is refused", () => {
  const refusal = async () => {
    setClocks(30);
    const error: unknown = await prune().catch((thrown: unknown) => thrown);
    if (!(error instanceof SealError)) throw new TypeError("pruned");
    return `${error.reason}: ${error.detail}`;
  };
  beforeEach(async () => await put("a@0", "b@0", "a@0", "b@1", "a@25", "b@26"));

  it.each<readonly [string, () => void | Promise<void>, string]>([
    [
      "over a gap",
      () => service.lose(2),
      "inconsistent: cannot prune the audit at revision 3: the entry at revision 2 is missing",
    ],
    [
      "over an altered entry",
      () => service.alter(2, { spiffeId: "x" }),
      'inconsistent: cannot prune the audit at revision 2: MAC of "audit" does not verify',
    ],
    [
      "over an altered entry at the new floor",
      () => service.alter(4, { spiffeId: "x" }),
      'inconsistent: cannot prune the audit at revision 4: MAC of "audit" does not verify',
    ],
    [
      "over a contradiction",
      async () => await forge(2, { state: ZEROS }),
      "inconsistent: cannot prune the audit at revision 2: saw another store row in epoch 0 than the entries before it led to",
    ],
    [
      "if the entry that confirms the floor is altered",
      () => service.alter(5, { spiffeId: "x" }),
      'not_authentic: MAC of "audit" does not verify',
    ],
    [
      "if the entry that dates another is altered",
      () => service.alter(6, { at: START, workerAt: START }),
      'not_authentic: MAC of "audit" does not verify',
    ],
  ])("%s", async (_, damage, expected) => {
    await damage();
    expect(await refusal()).toBe(expected);
    expect(service.state.store.auditFloor).toBe(0);
  });

  it("if the entry that dates the new floor is altered, although it does not confirm it", async () => {
    service = await memoryService();
    await put("a@0", "a@0", "a@900/0", "a@901/1", "a@3", "a@30");
    await forge(6, { anchor: ZEROS });
    service.alter(5, { anchor: ZEROS });
    expect(await refusal()).toBe('not_authentic: MAC of "audit" does not verify');
  });

  it("over what was not acknowledged, and only until it is", async () => {
    service.alter(2, { spiffeId: "x" });
    const { upTo, digest } = await verifyAudit(service.deps);
    await acknowledgeFaults(service.deps, { ...ORIGIN, after: 0, upTo, digest });
    expect(await floorOn(30)).toBe(4);
  });

  it("if an entry below the floor that others refer to is altered", async () => {
    service = await memoryService();
    await put("c@0", "a@0", "a@1", "a@25", "a@26");
    expect(await floorOn(30)).toBe(3);
    await put("c@31", "a@31", "z@60");
    const { spiffeId } = service.entry(1);
    service.alter(1, { spiffeId: "x" });
    setClocks(60);
    await expect(prune()).rejects.toMatchObject({
      detail: 'cannot prune the audit at revision 1: MAC of "audit" does not verify',
    });
    service.alter(1, { spiffeId });
    expect(await floorOn(60)).toBe(8);
  });
});

describe("the entry at the floor", () => {
  beforeEach(async () => await put("a@0", "b@0", "a@0", "b@1", "a@25", "b@26"));

  it("is confirmed by the anchor of a later entry", async () => {
    // Entry 5, which confirms the fourth one, is not the entry that was decided on it.
    await forge(5, { anchor: ZEROS });
    await expect(floorOn(30)).resolves.toBe(3);
  });

  it("is not confirmed by an entry before it, even if that one was acknowledged", async () => {
    service.alter(3, { base: 4, anchor: service.entry(4).mac });
    service.alter(5, { base: 2 });
    const { upTo, digest } = await verifyAudit(service.deps);
    await acknowledgeFaults(service.deps, { ...ORIGIN, after: 0, upTo, digest });
    await expect(floorOn(30)).resolves.toBe(3);
  });

  it("is all that must be complete: what comes after it is not pruned", async () => {
    service = await memoryService();
    await put("a@0", "a@0", "a@0", "a@0", "a@0", "a@0", "a@25");
    service.lose(5);
    await forge(7, { anchor: ZEROS });
    expect(await floorOn(30)).toBe(3);
  });

  it("is not the last of the old entries if no entry of the ring dates that one", async () => {
    service = await memoryService();
    await put("a@0", "a@0", "a@0");
    service.alter(3, { keyId: "z" });
    expect(await floorOn(30)).toBe(1);
  });

  it("may be under any key of the ring", async () => {
    service = service.copy(await ringOf(KEY_A, KEY_B));
    expect(await floorOn(30)).toBe(4);
  });

  it.each([
    ["is under a key of the ring", 4, 2],
    ["is confirmed by one under a key of the ring", 5, 3],
  ])("%s", async (_, revision, floor) => {
    service.alter(revision, { keyId: "z" });
    await expect(floorOn(30)).resolves.toBe(floor);
  });
});

describe("a long audit", () => {
  /** Adds entries as that many puts would, but not their secret. The store must not be empty. */
  const fill = async (count: number, database: number, worker = database) => {
    const { state } = service;
    const { revision: first } = state.store;
    const times = { at: START + database * DAY, workerAt: START + worker * DAY };
    const added = [...state.audit];
    for (let revision = first + 1; revision <= first + count; revision += 1) {
      const { mac, seq } = added.at(-1)!;
      const chain = { ...times, seq: seq + 1, prev: mac, base: revision - 1, anchor: mac, state: state.store.mac };
      const columns = { ...chain, writeId: `${revision}` };
      added.push({ ...(await sealAgain(service, 1, columns)), revision });
    }
    state.audit = added;
    state.store = { ...state.store, revision: first + count };
  };

  /** The clock of the database is ahead for its first 1100 entries. */
  let misdated: MemoryService;
  beforeAll(async () => {
    service = await memoryService();
    await put("a@900/0");
    await fill(1099, 900, 0);
    await fill(1100, 1);
    await put("b@30");
    misdated = service;
  });

  it("is pruned in pages of 1000", async () => {
    await put("a@0");
    await fill(1000, 0);
    await put("b@30");
    setClocks(30);
    expect(await prune()).toMatchObject({ ok: true, answer: { floor: 1000, more: true } });
    expect(await prune()).toMatchObject({ ok: true, answer: { floor: 1001, more: false } });
  });

  it("of 1000 entries is one page", async () => {
    await put("a@0");
    await fill(998, 0);
    await put("b@30");
    expect(await prune()).toMatchObject({ ok: true, answer: { floor: 999, more: false } });
  });

  it("that is young takes one load", async () => {
    await put("a@0");
    await fill(1100, 0);
    const { store, loads } = countLoads();
    setClocks(5);
    expect(await prune(7, store)).toMatchObject({ ok: true, answer: { floor: 0, more: false } });
    expect(loads()).toBe(1);
  });

  it("has no more pages after 1000 entries and the one that confirms them", async () => {
    await put("a@0");
    await fill(999, 0);
    await put("b@30");
    setClocks(30);
    expect(await prune()).toMatchObject({ ok: true, answer: { floor: 1000, more: true } });
    expect(await prune()).toMatchObject({ ok: true, answer: { floor: 1000, more: false, revision: 1002 } });
  });

  it("is pruned if only one clock was ahead for longer than a page", async () => {
    service = misdated.copy();
    setClocks(30);
    expect(await prune()).toMatchObject({ ok: true, answer: { floor: 1000, more: true } });
  });

  it("is pruned by the first entry that is old, at two, four, eight … thousand entries after the page", async () => {
    await put("a@900/0");
    await fill(1099, 900, 0);
    await fill(1950, 1);
    await put("b@30");
    await forge(2002, { workerAt: START + 30 * DAY });
    setClocks(30);
    expect(await prune()).toMatchObject({ ok: true, answer: { floor: 1000, more: true } });
  });

  it("is pruned by an entry that was decided on at the end of the page", async () => {
    service = misdated.copy();
    await forge(2002, { base: 1001 });
    setClocks(30);
    expect(await prune()).toMatchObject({ ok: true, answer: { floor: 1000, more: true } });
  });

  it("is not pruned if its caller loses the permission meanwhile", async () => {
    service = misdated.copy();
    setClocks(30);
    let checks = 0;
    const permits = async () => await Promise.resolve((checks += 1) === 1 ? [] : undefined);
    const deps = { ...service.deps, access: { query: {}, isUnrestricted: false, permits } };
    expect(await pruneAudit(deps, { ...ORIGIN, days: 7 })).toMatchObject({
      ok: true,
      answer: { floor: 0, more: false },
    });
  });

  it.each<readonly [string, () => void | Promise<void>]>([
    ["is not old", async () => await forge(2002, { workerAt: START + 30 * DAY })],
    ["was decided on before the end of the page", async () => await forge(2002, { base: 900 })],
    ["is under another key", () => service.alter(2002, { keyId: "z" })],
  ])("is not pruned by an entry that %s", async (_, damage) => {
    service = misdated.copy();
    await damage();
    setClocks(30);
    expect(await prune()).toMatchObject({ ok: true, answer: { floor: 0, more: false, revision: 2201 } });
  });

  it("is not pruned by an altered entry", async () => {
    service = misdated.copy();
    service.alter(2002, { spiffeId: "x" });
    setClocks(30);
    await expect(prune()).rejects.toMatchObject({ reason: "not_authentic" });
  });
});

it("prunes smaller pages if the entries that a page refers to do not fit", async () => {
  await put(...Array.from({ length: 60 }, () => "a@0"), "a@30");
  setClocks(30);
  const limits: number[] = [];
  const limited = (max: number): Store => ({
    ...service.deps.store,
    async load<Q extends Query>(query: Q, signal: AbortSignal) {
      const snapshot = await service.deps.store.load(query, signal);
      const { auditContext } = query;
      if (auditContext === undefined) return snapshot;
      expect(auditContext).toEqual(query.audit);
      limits.push(auditContext.limit);
      return { ...snapshot, auditContext: { ...snapshot.auditContext, more: auditContext.limit > max } };
    },
  });
  expect(await prune(7, limited(20))).toMatchObject({ ok: true, answer: { floor: 16, more: true } });
  expect(limits).toEqual([1001, 251, 64, 17]);
  expect(await prune(7, limited(0))).toEqual({ ok: true, answer: { floor: 16, more: false, revision: 62 } });
  expect(limits.slice(4)).toEqual([1001, 251, 64, 17, 5, 2]);
});

it("trusts no time of an entry under a key that has left the ring", async () => {
  await put("a@0", "a@0", "a@0");
  service = service.copy(await ringOf(KEY_B, KEY_A));
  setClocks(1);
  await service.register();
  service = service.copy(await ringOf(KEY_B));
  await put("b@25", "b@26");
  service.alter(6, { keyId: "a", at: START, workerAt: START });
  expect(await floorOn(30)).toBe(4);
});
