import { beforeEach, describe, expect, it } from "vitest";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Store } from "../src/store/store.ts";
import { type TestService, testService } from "./harness/service.ts";

const POLICY = "/v1/acl/policy";
const SECRETS = "/v1/store/secrets";
const policy = (name: string) => ({
  name,
  spiffeidPattern: "^spiffe://spike\\.ist/w$",
  pathPattern: "^a$",
  permissions: ["read"],
});

/** Another worker commits first, the given number of times. */
describe("a change that loses races", () => {
  let service: TestService;
  let other: TestService;
  let slept: number[];
  let interfere: (() => Promise<unknown>) | undefined;
  let left: number;
  beforeEach(async () => {
    const inner = memoryStore({ storeId: "s", now: Date.now });
    slept = [];
    left = 0;
    const store: Store = {
      load: async (query, signal) => await inner.load(query, signal),
      async commit(change, query, signal) {
        if (left > 0) {
          left -= 1;
          await interfere?.();
        }
        return await inner.commit(change, query, signal);
      },
    };
    other = await testService(inner);
    service = await testService(store, {
      platform: { sleep: async (ms) => void (await Promise.resolve(slept.push(ms))) },
    });
    const delegation = {
      name: "delegation",
      spiffeidPattern: "^spiffe://spike\\.ist/delegate$",
      pathPattern: "^spike/system/acl$",
      permissions: ["read", "write", "list"],
    };
    for (const each of [delegation, policy("victim")]) expect((await service.post(POLICY, each)).status).toBe(200);
    let n = 0;
    interfere = async () => expect((await other.post(POLICY, policy(`noise-${(n += 1)}`))).status).toBe(200);
  });

  it("does not pause if it is a revocation by the superuser (H13)", async () => {
    left = 7;
    expect((await service.post(`${POLICY}?action=delete`, { id: "victim" })).status).toBe(200);
    expect(left).toBe(0);
    expect(slept).toEqual([]);
    // One load, and eight commits.
    expect(service.audit.at(-1)).toMatchObject({ outcome: "ok", roundTrips: 9 });
  });

  it("pauses after two lost races if it is a delegate's (H13)", async () => {
    const delegate = await service.as("/delegate");
    left = 2;
    expect((await delegate(`${POLICY}?action=delete`, { id: "victim" })).status).toBe(200);
    expect(slept).toHaveLength(1);
    expect(service.audit.at(-1)).toMatchObject({ outcome: "ok", roundTrips: 5 });
  });

  it("pauses after two lost races if it is the superuser's write of a secret (H13)", async () => {
    interfere = async () => await other.post(SECRETS, { path: "a", values: {} });
    left = 2;
    expect((await service.post(SECRETS, { path: "a", values: {} })).status).toBe(200);
    expect(slept).toHaveLength(1);
  });
});
