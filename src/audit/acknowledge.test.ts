import { beforeEach, describe, expect, it } from "vitest";
import { memoryService, type MemoryService, ORIGIN, sealAgain } from "../../test/harness/memory-service.ts";
import { verifyMac } from "../seal/mac.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { Store } from "../store/store.ts";
import { acknowledgeFaults } from "./acknowledge.ts";
import { verifyAudit } from "./verify-audit.ts";

const ZEROS = new Uint8Array(32);

describe("an acknowledgement", () => {
  let service: MemoryService;
  beforeEach(async () => {
    service = await memoryService();
    await service.put("a", "b", "a");
  });

  const shown = async (options: Parameters<typeof verifyAudit>[1] = {}) => {
    const { upTo, digest } = await verifyAudit(service.deps, options);
    return { after: options.after ?? 0, upTo, digest };
  };
  const acknowledge = async (
    list: { readonly after: number; readonly upTo: number; readonly digest: string },
    { store = service.deps.store, ...origin }: { readonly store?: Store; readonly idempotencyKey?: string } = {},
  ) => await acknowledgeFaults({ ...service.deps, store }, { ...ORIGIN, ...origin, ...list });

  it("is an entry with a resource of its own, and is counted in the store row", async () => {
    service.lose(1);
    const list = await shown();
    const { problems } = await verifyAudit(service.deps);
    expect(await acknowledge(list)).toEqual({ ok: true, answer: { acknowledged: 3, left: 0, revision: 4 } });
    expect(service.state.store).toMatchObject({ acknowledged: 1, epoch: 1, revision: 4 });
    const entry = service.entry(4);
    const request = { label: "request", fields: ["audit.acknowledge", 0, 3, list.digest] };
    expect(await verifyMac(service.deps.ring.primary, request, entry.request)).toBe(true);
    expect(entry).toMatchObject({ action: "acknowledge", resource: "acknowledgement:1", seq: 1 });
    expect(JSON.parse(entry.outcome)).toEqual({
      number: 1,
      ...list,
      faults: problems.map(({ fault }) => fault),
      left: 0,
    });
    service.lose(2);
    expect(await acknowledge(await shown())).toMatchObject({ ok: true, answer: { revision: 5 } });
    expect(service.entry(5).resource).toBe("acknowledgement:2");
  });

  it("leaves contradictions that cannot be acknowledged", async () => {
    service.alter(2, await sealAgain(service, 2, { anchor: ZEROS }));
    expect(await acknowledge(await shown())).toEqual({ ok: true, answer: { acknowledged: 0, left: 2, revision: 3 } });
    expect(service.state.store.revision).toBe(3);
    service.lose(1);
    expect(await acknowledge(await shown())).toEqual({ ok: true, answer: { acknowledged: 3, left: 1, revision: 4 } });
    expect(JSON.parse(service.entry(4).outcome)).toMatchObject({ left: 1 });
  });

  it("changes nothing if there is nothing to acknowledge", async () => {
    expect(await acknowledge(await shown())).toEqual({ ok: true, answer: { acknowledged: 0, left: 0, revision: 3 } });
    expect(service.state.store.revision).toBe(3);
  });

  it("covers only the part that was shown", async () => {
    service.alter(1, { spiffeId: "x" });
    service.alter(3, { spiffeId: "x" });
    expect(await acknowledge(await shown({ after: 2 }))).toMatchObject({ ok: true, answer: { acknowledged: 1 } });
    expect((await verifyAudit(service.deps)).problems).toMatchObject([{ revision: 1 }]);
    expect(await acknowledge(await shown({ upTo: 2 }))).toMatchObject({ ok: true, answer: { acknowledged: 1 } });
    expect((await verifyAudit(service.deps)).problems).toEqual([]);
  });

  it("is refused for another list", async () => {
    service.lose(1);
    const list = await shown();
    for (const other of [
      { ...list, after: 1 },
      { ...list, upTo: 2 },
      { ...list, upTo: 4 },
      { ...list, digest: "" },
    ]) {
      expect(await acknowledge(other)).toEqual({ ok: false, failure: { code: "list_changed" } });
    }
    expect(service.state.store.revision).toBe(3);
  });

  it.each([
    ["the same list", {}],
    ["another list", { after: 2 }],
  ])("is refused if one of %s was committed meanwhile", async (_, options) => {
    service.alter(1, { spiffeId: "x" });
    service.alter(3, { spiffeId: "x" });
    const list = await shown({ upTo: 2 });
    const other = await shown({ upTo: 2, ...options, ...("after" in options && { upTo: 3 }) });
    const { store } = service.deps;
    const slow: Store = {
      ...store,
      async commit(change, query, signal) {
        if (service.state.store.acknowledged === 0) await acknowledge(other);
        return await store.commit(change, query, signal);
      },
    };
    expect(await acknowledge(list, { store: slow })).toEqual({ ok: false, failure: { code: "list_changed" } });
    expect(service.state.store.acknowledged).toBe(1);
  });

  it("is answered again under its idempotency key, until the key is used for another list", async () => {
    service.alter(1, { spiffeId: "x" });
    const list = await shown();
    const idempotencyKey = "once";
    const { store } = service.deps;
    // The answer of the first commit is lost.
    const losing: Store = {
      ...store,
      async commit(change, query, signal) {
        await store.commit(change, query, signal);
        throw new StoreUnavailable("connection", "unknown", "");
      },
    };
    const first = await acknowledge(list, { store: losing, idempotencyKey });
    expect(first).toEqual({ ok: true, answer: { acknowledged: 1, left: 0, revision: 4 } });
    for (const other of [
      { ...list, after: 1 },
      { ...list, upTo: 2 },
      { ...list, digest: "" },
    ]) {
      // The resource is that of the next number, so the list is what differs.
      expect(await acknowledge(other, { idempotencyKey })).toEqual({
        ok: false,
        failure: { code: "idempotency_key_reused" },
      });
    }
    expect(await acknowledge(list, { idempotencyKey })).toEqual(first);
  });

  it("rejects a recorded outcome that is not that of an acknowledgement", async () => {
    service.alter(1, { spiffeId: "x" });
    const list = await shown();
    await acknowledge(list, { idempotencyKey: "k" });
    const { outcome } = service.entry(4);
    for (const other of [{}, null, 7, "x", { ...JSON.parse(outcome), left: "0" }, { left: 0 }]) {
      service.alter(4, await sealAgain(service, 4, { outcome: JSON.stringify(other) }));
      await expect(acknowledge(list, { idempotencyKey: "k" })).rejects.toMatchObject({ reason: "malformed" });
    }
  });

  it("works while the newest entry is missing, and needs an authentic store row", async () => {
    service.lose(3);
    const list = await shown();
    expect(await acknowledge(list)).toMatchObject({ ok: true, answer: { acknowledged: 1, revision: 4 } });
    const { store } = service.state;
    service.state.store = { ...store, mac: ZEROS };
    await expect(acknowledge(list)).rejects.toMatchObject({ reason: "not_authentic" });
  });

  it("works if an altered entry has its resource", async () => {
    service.alter(2, { resource: "acknowledgement:1" });
    expect(await acknowledge(await shown())).toMatchObject({ ok: true, answer: { acknowledged: 1, revision: 4 } });
    expect(service.state.store.acknowledged).toBe(1);
  });

  it("verifies the store row of each load", async () => {
    service.lose(1);
    const list = await shown();
    const { store } = service.deps;
    let loads = 0;
    const lying: Store = {
      ...store,
      async load(query, signal) {
        const snapshot = await store.load(query, signal);
        loads += 1;
        return loads === 2 ? { ...snapshot, store: { ...snapshot.store, mac: ZEROS } } : snapshot;
      },
    };
    await expect(acknowledge(list, { store: lying })).rejects.toMatchObject({ reason: "not_authentic" });
    expect(loads).toBe(2);
  });

  it("passes on other failures", async () => {
    service.lose(1);
    const list = await shown();
    const access = { query: {}, isUnrestricted: false, permits: async () => await Promise.resolve(undefined) };
    expect(await acknowledgeFaults({ ...service.deps, access }, { ...ORIGIN, ...list })).toEqual({
      ok: false,
      failure: { code: "denied" },
    });
  });
});
