import { describe, expect, it } from "vitest";
import { limitRequests } from "./limit-requests.ts";
import { memoryStore } from "./memory/memory-store.ts";

describe("limitRequests", () => {
  it("rejects the 41st database request, without sending it", async () => {
    const never = new AbortController().signal;
    let clock = 0;
    const store = limitRequests(memoryStore({ storeId: "s", now: () => 1 }), () => (clock += 3));
    for (let request = 1; request <= 40; request += 1) await store.load({}, never);
    await expect(store.load({}, never)).rejects.toMatchObject({ reason: "budget", outcome: "none" });
    expect(store).toMatchObject({ requests: 40, waitedMs: 120 });
  });
});
