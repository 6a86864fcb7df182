import { describe, expect, it } from "vitest";
import { OPERATIONS } from "../src/api/nexus/operations.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import { countingStore } from "./harness/counting-store.ts";
import { challengeOf, firstShard } from "./harness/key-material.ts";
import { ownerOf } from "./harness/owner-of.ts";
import { type TestService, testService } from "./harness/service.ts";

const targets = Object.entries(OPERATIONS).flatMap(([path, operations]) =>
  Object.keys(operations).map((action) => (action === "" ? path : `${path}?action=${action}`)),
);

/** As in SPIKE, SPIKE_NEXUS_BACKEND_STORE determines the available operations. */
describe("a service without a persistent store", () => {
  const fresh = () => memoryStore({ storeId: "s", now: Date.now });
  const send = async (service: TestService, target: string, body: object = {}) =>
    await (
      await service.as(ownerOf(target))
    )(target, body);
  const noSuchOperation = (backend: string) => ({
    status: 400,
    body: {
      err: "api_bad_request",
      reason: { member: "target", rule: `must be an operation that exists with SPIKE_NEXUS_BACKEND_STORE=${backend}` },
    },
  });

  it("offers with `lite` the operations that need only the root key, and never writes", async () => {
    const store = countingStore(fresh());
    const service = await testService(
      { ...store, commit: async () => await Promise.reject(new Error("written")) },
      { backend: "lite" },
    );
    const served = {
      "/v1/bootstrap/verify": challengeOf("x"),
      "/v1/operator/recover": {},
      "/v1/operator/restore": await firstShard(),
      "/v1/cipher/encrypt": { plaintext: "eA==" },
    };
    for (const [target, body] of Object.entries(served).filter(([target]) => targets.includes(target))) {
      expect((await send(service, target, body)).status, target).toBe(200);
    }
    const others = targets.filter((target) => !(target in served) && target !== "/v1/cipher/decrypt");
    expect(others.length).toBeGreaterThan(15);
    for (const target of others) expect(await send(service, target), target).toMatchObject(noSuchOperation("lite"));
    expect((await service.fetch(new Request("http://edge.test/readyz"))).status).toBe(200);
  });

  it("offers no recovery with `memory`", async () => {
    const service = await testService(fresh(), { backend: "memory" });
    for (const target of ["/v1/operator/recover", "/v1/operator/restore"]) {
      expect(await send(service, target, await firstShard())).toMatchObject(noSuchOperation("memory"));
    }
    expect((await send(service, "/v1/store/secrets", { path: "a", values: {} })).status).toBe(200);
  });
});
