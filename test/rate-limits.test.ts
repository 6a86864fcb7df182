import { beforeEach, describe, expect, it } from "vitest";
import type { RateLimiter } from "../src/api/count-request.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import { type CountingStore, countingStore } from "./harness/counting-store.ts";
import { testDomain } from "./harness/identity.ts";
import { type TestService, testService } from "./harness/service.ts";

const GET = "/v1/store/secrets?action=get";

/** Lets each key pass `max` times. */
function limiter(max: number): RateLimiter & { readonly seen: Map<string, number> } {
  const seen = new Map<string, number>();
  return {
    seen,
    async limit({ key }) {
      const count = (seen.get(key) ?? 0) + 1;
      seen.set(key, count);
      return await Promise.resolve({ success: count <= max });
    },
  };
}

describe("rate limits", () => {
  let byAddress: ReturnType<typeof limiter>;
  let byIdentity: ReturnType<typeof limiter>;
  let service: TestService;
  let store: CountingStore;
  beforeEach(async () => {
    store = countingStore(memoryStore({ storeId: "s", now: Date.now }));
    byAddress = limiter(3);
    byIdentity = limiter(2);
    service = await testService(store, { rateLimits: { byAddress, byIdentity } });
  });

  const from = async (address: string | undefined, target = GET, headers: Record<string, string> = {}) =>
    await service.post(
      target,
      { path: "a" },
      { headers: { ...(address && { "cf-connecting-ip": address }), ...headers } },
    );

  it("refuse an address with 429 and Retry-After, before any other check (P30)", async () => {
    const anonymous = { authorization: "" };
    for (let n = 0; n < 3; n += 1) expect((await from("192.0.2.1", GET, anonymous)).status).toBe(401);
    const answer = await from("192.0.2.1", GET, anonymous);
    expect(answer).toMatchObject({ status: 429, body: { err: "rate_limited" } });
    const seconds = Number(answer.headers.get("retry-after"));
    expect(seconds).toBeGreaterThanOrEqual(10);
    expect(seconds).toBeLessThan(60);
    expect(answer.headers.get("cache-control")).toContain("no-store");
    expect(service.audit.at(-1)).toMatchObject({ status: 429, outcome: "rate_limited", roundTrips: 0 });
    expect((await from("192.0.2.2", GET, anonymous)).status, "other callers are served").toBe(401);
    expect((await from("192.0.2.1", "/v1/none")).status, "for any path").toBe(429);
    expect(store.trips).toBe(0);
  });

  it("count /readyz, which queries the database, but not /healthz", async () => {
    const get = async (path: string) =>
      (await service.fetch(new Request(`http://edge.test${path}`, { headers: { "cf-connecting-ip": "192.0.2.9" } })))
        .status;
    for (let n = 0; n < 5; n += 1) expect(await get("/healthz")).toBe(200);
    for (let n = 0; n < 3; n += 1) expect(await get("/readyz")).toBe(200);
    expect(await get("/readyz")).toBe(429);
  });

  it("refuse a proved identity, whatever its address", async () => {
    expect((await from("192.0.2.1")).status).toBe(404);
    expect((await from("192.0.2.2")).status).toBe(404);
    const before = store.trips;
    expect((await from("192.0.2.3")).status).toBe(429);
    expect(store.trips).toBe(before);
    const workload = { authorization: `Bearer ${await service.domain.token("/w")}` };
    expect((await from("192.0.2.3", GET, workload)).status, "other callers are served").toBe(401);
  });

  it("do not count a request for an identity that is only claimed", async () => {
    const imposter = await testDomain("spike.ist");
    const headers = { authorization: `Bearer ${await imposter.token("/w")}` };
    for (let n = 0; n < 3; n += 1) await from(undefined, GET, headers);
    expect([...byIdentity.seen.keys()]).toEqual([]);
  });

  it.each([
    ["of the wrong shape", GET, "{"],
    ["with a mistaken member", GET, { path: "a", versions: [1] }],
    ["that is too large", GET, "x".repeat(1024 * 1024 + 1)],
    ["with a malformed path", GET, { path: "a b" }],
    ["for an unknown action", `${GET}x`, {}],
    ["for an unknown path", "/v1/none", {}],
  ])("count a proved identity once in a refused request %s, and refuse it too (Q12)", async (_what, target, body) => {
    for (const [status, count] of [
      [[400, 413], 1],
      [[400, 413], 2],
      [[429], 3],
    ] as const) {
      expect(status).toContain((await service.post(target, body)).status);
      expect([...byIdentity.seen.values()]).toEqual([count]);
    }
    const imposter = await testDomain("spike.ist");
    await service.post(target, body, { headers: { authorization: `Bearer ${await imposter.token("/w")}` } });
    expect(byIdentity.seen.size, "a stranger uses up no other limit").toBe(1);
    expect(store.trips).toBe(0);
  });

  it("count an identity with a stored bundle once per request, and only if the bundle proves it", async () => {
    const partner = await testDomain("partner.org");
    const other = await testDomain("partner.org");
    const seeded = await testService(memoryStore({ storeId: "s", now: Date.now }), { rateLimits: { byIdentity } });
    await seeded.post("/v1/trust/bundle", { trustDomain: "partner.org", bundle: partner.bundle });
    const as = async (domain: typeof partner) => {
      const authorization = `Bearer ${await domain.token("/w")}`;
      return (await seeded.post(GET, { path: "a" }, { headers: { authorization } })).status;
    };
    expect([await as(other), await as(other), await as(other)]).toEqual([401, 401, 401]);
    expect(byIdentity.seen.get("spiffe://partner.org/w")).toBeUndefined();
    expect([await as(partner), await as(partner), await as(partner)]).toEqual([401, 401, 429]);
    expect(byIdentity.seen.get("spiffe://partner.org/w")).toBe(3);
  });

  it("let requests pass while the counter fails, and log it", async () => {
    const broken: RateLimiter = { limit: async () => await Promise.reject(new Error("canary")) };
    service = await testService(memoryStore({ storeId: "s", now: Date.now }), {
      rateLimits: { byAddress: broken, byIdentity: broken },
    });
    expect((await from("192.0.2.1")).status).toBe(404);
    expect(service.log).toMatchObject([{ event: "rate_limit_failed" }, { event: "rate_limit_failed" }]);
    expect(JSON.stringify(service.log)).not.toContain("canary");
  });
});
