import { beforeEach, describe, expect, it } from "vitest";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Change, Store } from "../src/store/store.ts";
import { StoreUnavailable } from "../src/store/store-unavailable.ts";
import { type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const POLICY = "/v1/acl/policy";

/** A commit is applied, its answer is lost, and its permission is revoked before the service loads again. */
describe("a write that was applied is not reported as denied", () => {
  let service: TestService;
  let inner: Store;
  /** Chooses the commits whose answers are lost, and what happens before the service loads again. */
  let lose: ((change: Change) => Promise<boolean>) | undefined;
  beforeEach(async () => {
    inner = memoryStore({ storeId: "s", now: Date.now });
    lose = undefined;
    service = await testService({
      load: async (query, signal) => await inner.load(query, signal),
      commit: async (change, query, signal) => {
        const result = await inner.commit(change, query, signal);
        const loses = lose;
        if (loses === undefined) return result;
        lose = undefined;
        if (await loses(change)) throw new StoreUnavailable("connection", "unknown", "lost");
        return result;
      },
    });
  });

  it("if the policy that granted it is revoked meanwhile", async () => {
    const policy = {
      name: "p",
      spiffeidPattern: "^spiffe://spike\\.ist/w$",
      pathPattern: "^a$",
      permissions: ["write"],
    };
    expect((await service.post(POLICY, policy)).status).toBe(200);
    const workload = await service.as("/w");
    lose = async () => (await service.post(`${POLICY}?action=delete`, { id: "p" })).status === 200;
    expect(await workload(SECRETS, { path: "a", values: { v: "1" } })).toMatchObject({
      status: 200,
      body: { version: 1, revision: 2 },
    });
    expect((await workload(SECRETS, { path: "a", values: { v: "2" } })).status).toBe(401);
    expect((await service.post(`${SECRETS}/metadata?action=get`, { path: "a" })).body).toMatchObject({
      metadata: { currentVersion: 1 },
    });
  });

  it("if it removed its own caller's permission", async () => {
    const policy = {
      name: "own",
      spiffeidPattern: "^spiffe://spike\\.ist/d$",
      pathPattern: "^spike/system/acl$",
      permissions: ["super"],
    };
    expect((await service.post(POLICY, policy)).status).toBe(200);
    const delegate = await service.as("/d");
    lose = async () => await Promise.resolve(true);
    expect(await delegate(`${POLICY}?action=delete`, { id: "own" })).toMatchObject({
      status: 200,
      body: { revision: 2 },
    });
    expect((await delegate(`${POLICY}?action=list`, {})).status).toBe(401);
  });

  it("but a write that was not applied is", async () => {
    const policy = {
      name: "p",
      spiffeidPattern: "^spiffe://spike\\.ist/w$",
      pathPattern: "^a$",
      permissions: ["write"],
    };
    await service.post(POLICY, policy);
    const real = inner;
    let first = true;
    inner = {
      load: async (query, signal) => await real.load(query, signal),
      commit: async (change, query, signal) => {
        if (!first) return await real.commit(change, query, signal);
        first = false;
        expect((await service.post(`${POLICY}?action=delete`, { id: "p" })).status).toBe(200);
        throw new StoreUnavailable("connection", "unknown", "never arrived");
      },
    };
    const workload = await service.as("/w");
    expect((await workload(SECRETS, { path: "a", values: {} })).status).toBe(401);
    expect((await service.post(`${SECRETS}?action=get`, { path: "a" })).status).toBe(404);
  });
});
