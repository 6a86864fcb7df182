import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { auditOf, PINS } from "../../test/store-contract/rows.ts";
import { limitRequests } from "./limit-requests.ts";
import { memoryStore } from "./memory/memory-store.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

const change = { audit: auditOf("w"), tail: 0, ...PINS };

describe("limitRequests", () => {
  it("rejects the 41st database request, without sending it", async () => {
    const never = new AbortController().signal;
    let clock = 0;
    const store = limitRequests(memoryStore({ storeId: "s", now: () => 1 }), () => (clock += 3));
    for (let request = 1; request <= 40; request += 1) await store.load({}, never);
    await expect(store.load({}, never)).rejects.toMatchObject({
      reason: "budget",
      outcome: "none",
      detail: "40 database requests",
    });
    expect(store).toMatchObject({ requests: 40, waitedMs: 120 });
  });

  it("counts the requests to the replica among all, and on their own", async () => {
    const { signal } = new AbortController();
    const inner = memoryStore({ storeId: "s", now: () => 1 });
    let clock = 0;
    const replica = memoryStore({ storeId: "near", now: () => 1 });
    const store = limitRequests({ ...inner, replica }, () => (clock += 3));
    expect((await store.replica?.load({}, signal))?.store.storeId).toBe("near");
    expect((await store.load({}, signal)).store.storeId).toBe("s");
    expect(store).toMatchObject({ requests: 2, waitedMs: 6, ofReplica: { requests: 1, waitedMs: 3 } });
    expect(limitRequests(inner, () => clock).replica).toBeUndefined();
  });

  it("passes on what the store throws", async () => {
    const own = new StoreUnavailable("busy", "none", "HTTP 429");
    const fail = async () => await Promise.reject(own);
    const store = limitRequests({ load: fail, commit: fail, commitEach: fail }, () => 0);
    await expect(store.commit(change, {}, new AbortController().signal)).rejects.toBe(own);
  });

  /** A store that never answers and ignores its signal, with the time that passes until the signal aborts. */
  function hanging() {
    let clock = 0;
    const forever = async () => await new Promise<never>(() => undefined);
    const replica = { load: forever };
    const store = limitRequests({ load: forever, replica, commit: forever, commitEach: forever }, () => clock);
    const stop = new AbortController();
    const abort = (): void => {
      clock += 300;
      stop.abort(new StoreUnavailable("timeout", "none", "300 ms"));
    };
    return { store, signal: stop.signal, abort };
  }

  it.each([
    ["load", "none"],
    ["loadNear", "none"],
    ["commit", "unknown"],
    ["commitEach", "unknown"],
  ] as const)("ends a %s when its signal aborts, with the outcome %s (Q34)", async (kind, outcome) => {
    const { store, signal, abort } = hanging();
    const requests = {
      load: async () => await store.load({}, signal),
      loadNear: async () => await store.replica?.load({}, signal),
      commit: async () => await store.commit(change, {}, signal),
      commitEach: async () => await store.commitEach([change], {}, signal),
    };
    const request = requests[kind]();
    abort();
    await expect(request).rejects.toMatchObject({ reason: "timeout", outcome, detail: "300 ms" });
    expect(store).toMatchObject({ requests: 1, waitedMs: 300 });
    expect(getEventListeners(signal, "abort")).toEqual([]);
    // Not sent any more, so its outcome is known.
    await expect(requests[kind]()).rejects.toMatchObject({ reason: "timeout", outcome: "none" });
    expect(store.requests).toBe(1);
  });
});
