import { beforeEach, describe, expect, it } from "vitest";
import { memoryService, type MemoryService, START } from "../../test/harness/memory-service.ts";
import type { Query, Store } from "../store/store.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { FIRST_ROW, parseCursor, type VerifyCursor } from "./cursor.ts";
import { verifyStoredData } from "./verify-store.ts";

const ZEROS = new Uint8Array(32);

describe("the verification of a store", () => {
  let service: MemoryService;
  beforeEach(async () => {
    service = await memoryService();
    await service.put("a", "b");
  });

  const verify = async (from: VerifyCursor, { maxMs = Infinity, msPerLoad = 0 } = {}) => {
    const { store, attempts } = service.deps;
    let now = START;
    const slow: Store = {
      ...store,
      async load<Q extends Query>(query: Q, signal: AbortSignal) {
        now += msPerLoad;
        return await store.load(query, signal);
      },
    };
    const deps = { ...service.deps, store: slow, attempts: { ...attempts, now: () => now } };
    return await verifyStoredData(deps, { from, maxMs });
  };

  it("goes from the audit to the rows", async () => {
    expect(await verify(0)).toMatchObject({
      audit: { entries: 2, problems: [] },
      rows: { rows: 2, problems: [] },
      damaged: undefined,
      next: undefined,
    });
    expect(await verify(1)).toMatchObject({ audit: { entries: 1 }, rows: { rows: 2 } });
    expect(await verify(parseCursor("secrets:a")!)).toEqual({
      audit: undefined,
      rows: { rows: 1, problems: [], unreachable: [], next: undefined, revision: 2 },
      damaged: undefined,
      next: undefined,
    });
  });

  it("stops after its time, in the audit, before the rows or among them", async () => {
    // One load for the audit, and one for each of six kinds of rows.
    expect(await verify(0, { maxMs: 0, msPerLoad: 10 })).toMatchObject({
      audit: { entries: 2 },
      rows: undefined,
      damaged: undefined,
      next: FIRST_ROW,
    });
    expect((await verify(0, { maxMs: 10, msPerLoad: 10 })).rows).toBeUndefined();
    expect(await verify(0, { maxMs: 11, msPerLoad: 10 })).toMatchObject({
      rows: { rows: 2 },
      next: { phase: "policies" },
    });
    expect(await verify(0, { maxMs: 25, msPerLoad: 10 })).toMatchObject({ next: { phase: "bundles" } });
    expect(await verify(FIRST_ROW, { maxMs: 5, msPerLoad: 10 })).toMatchObject({ next: { phase: "policies" } });
    expect(await verify(FIRST_ROW, { maxMs: 15, msPerLoad: 10 })).toMatchObject({ next: { phase: "bundles" } });
  });

  it("stops after 15 pages", async () => {
    const { store } = service.deps;
    let loads = 0;
    const small: Store = {
      ...store,
      async load<Q extends Query>(query: Q, signal: AbortSignal) {
        loads += 1;
        const { audit, secrets, ...rest } = query;
        const limited = {
          ...rest,
          ...(audit && { audit: { ...audit, limit: 1 } }),
          ...(secrets && { secrets: { ...secrets, limit: 1 } }),
        };
        return await store.load(limited as Q, signal);
      },
    };
    await service.put(...Array.from({ length: 18 }, (_, n) => `c/${n}`));
    const deps = { ...service.deps, store: small };
    const first = await verifyStoredData(deps, { from: 0, maxMs: Infinity });
    expect(first).toEqual({
      audit: expect.objectContaining({ entries: 15 }),
      rows: undefined,
      damaged: undefined,
      next: 15,
    });
    expect(loads).toBe(15);
    const second = await verifyStoredData(deps, { from: 15, maxMs: Infinity });
    expect([loads, second.audit?.entries, second.rows?.rows, second.next]).toEqual([35, 5, 15, second.rows?.next]);
    await verifyStoredData(deps, { from: FIRST_ROW, maxMs: Infinity });
    expect(loads).toBe(50);
  });

  it.each([
    ["a damaged MAC", { mac: ZEROS }, "not_authentic", 'MAC of "store" does not verify'],
    ["no MAC", { mac: null }, "inconsistent", "the store row has no MAC"],
  ] as const)("reports a store row with %s, and nothing else", async (_, columns, kind, detail) => {
    service.state.store = { ...service.state.store, ...columns };
    for (const from of [0, FIRST_ROW]) {
      expect(await verify(from)).toEqual({
        audit: undefined,
        rows: undefined,
        damaged: { resource: "store", kind, detail },
        next: undefined,
      });
    }
  });

  it("throws if the ring does not fit the store, or the store fails", async () => {
    service.state.store = { ...service.state.store, keyId: "z" };
    await expect(verify(0)).rejects.toMatchObject({ reason: "unknown_key" });
    const { store } = service.deps;
    const load = async () => await Promise.reject(new StoreUnavailable("rejected", "none", ""));
    const failing = verifyStoredData({ ...service.deps, store: { ...store, load } }, { from: 0, maxMs: 1000 });
    await expect(failing).rejects.toThrow(StoreUnavailable);
    const other = async () => await Promise.reject(Object.assign(new Error("other"), { reason: "inconsistent" }));
    const broken = verifyStoredData({ ...service.deps, store: { ...store, load: other } }, { from: 0, maxMs: 1000 });
    await expect(broken).rejects.toThrow("other");
  });
});
