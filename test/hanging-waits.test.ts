import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { RateLimiter } from "../src/api/count-request.ts";
import { fetchedKeys } from "../src/seal/key-source.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { BulkStore } from "../src/store/store.ts";
import { KEY_A, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const TIMEOUT_MS = 600;
/** For the answer itself, on a busy machine. */
const SLACK_MS = 400;

const forever = async () => await new Promise<never>(() => undefined);
const fresh = () => memoryStore({ storeId: "s", now: Date.now });
const put = async (service: TestService) => await service.post(SECRETS, { path: "a", values: { v: "1" } });

async function timed<T>(work: Promise<T>): Promise<readonly [T, number]> {
  const began = performance.now();
  return [await work, performance.now() - began];
}

/** A store whose chosen requests never end and ignore their signals. `applied`: the database carries them out. */
function hangingStore(hangs: (kind: "load" | "commit", n: number) => boolean, { applied = false } = {}): BulkStore {
  const inner = fresh();
  const counts = { load: 0, commit: 0 };
  const isHanging = (kind: "load" | "commit") => hangs(kind, (counts[kind] += 1));
  return {
    ...inner,
    load: async (query, signal) => (isHanging("load") ? await forever() : await inner.load(query, signal)),
    async commit(change, query, signal) {
      if (!isHanging("commit")) return await inner.commit(change, query, signal);
      if (applied) await inner.commit(change, query, signal);
      return await forever();
    },
  };
}

describe("a database that hangs", () => {
  it.each([
    ["in the first load", (kind: string, n: number) => kind === "load" && n === 1, false],
    ["in two loads", (kind: string, n: number) => kind === "load" && n <= 2, false],
    ["in the first commit, which is applied", (kind: string, n: number) => kind === "commit" && n === 1, true],
    ["in the first commit, which is not applied", (kind: string, n: number) => kind === "commit" && n === 1, false],
    ["in every commit, which is applied", (kind: string) => kind === "commit", true],
  ])("%s: the write gets its answer within the deadline, and is applied once (Q34)", async (_, hangs, applied) => {
    const service = await testService(hangingStore(hangs, { applied }), { requestTimeoutMs: 1500 });
    const [answer, ms] = await timed(put(service));
    expect(answer).toMatchObject({ status: 200, body: { version: 1, revision: 1 } });
    expect(ms).toBeLessThan(1500 + SLACK_MS);
  });

  it.each([
    ["in every load", "load"],
    ["in every commit", "commit"],
  ])("%s: 503 at the deadline, and the database time in the audit line (Q34)", async (_, which) => {
    const service = await testService(
      hangingStore((kind) => kind === which),
      { requestTimeoutMs: TIMEOUT_MS },
    );
    const [answer, ms] = await timed(put(service));
    expect(answer).toMatchObject({ status: 503, body: { err: "store_unavailable" } });
    expect(ms).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    expect(service.log).toMatchObject([{ event: "request_failed", reason: "store_deadline" }]);
    const [line] = service.audit;
    expect(line!.roundTrips).toBe(which === "load" ? 3 : 6);
    // All but the two pauses.
    expect(line!.databaseMs).toBeGreaterThan(TIMEOUT_MS / 2);
  });

  it("and a page of a list: 503 at the deadline, or an answer if it hangs once (Q34)", async () => {
    for (const [hanging, status] of [
      [1, 404],
      [9, 503],
    ] as const) {
      const store = hangingStore((_, n) => n <= hanging);
      const service = await testService(store, { requestTimeoutMs: TIMEOUT_MS });
      const [answer, ms] = await timed(service.post(`${SECRETS}?action=get`, { path: "a" }));
      expect(answer.status).toBe(status);
      expect(ms).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    }
  });
});

describe("a Secrets Store binding that hangs", () => {
  const hanging = fetchedKeys(forever);

  it("ends a request with the usual 503 at the deadline (Q33)", async () => {
    const service = await testService(fresh(), { keys: hanging, requestTimeoutMs: TIMEOUT_MS });
    const client = new AbortController();
    const [answer, ms] = await timed(service.post(SECRETS, { path: "a", values: {} }, { signal: client.signal }));
    expect(answer).toMatchObject({ status: 503, body: { err: "state_not_ready" } });
    expect(answer.headers.get("retry-after")).toMatch(/^[1-4]$/);
    expect(ms).toBeGreaterThan(TIMEOUT_MS - 50);
    expect(ms).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    const detail = "SPIKE_ROOT_KEYS could not be read in time";
    expect(service.log).toMatchObject([{ level: "error", event: "not_configured", detail }]);
    expect(service.audit).toMatchObject([{ outcome: "not_configured", status: 503, roundTrips: 0 }]);
  });

  it("ends /readyz with 503 at the deadline, or after two seconds (Q33)", async () => {
    for (const [requestTimeoutMs, expected] of [
      [TIMEOUT_MS, TIMEOUT_MS],
      [8000, 2000],
    ] as const) {
      const service = await testService(fresh(), { keys: hanging, requestTimeoutMs });
      const [answer, ms] = await timed(service.fetch(new Request("http://edge.test/readyz")));
      expect(answer.status).toBe(503);
      expect(ms).toBeGreaterThan(expected - 50);
      expect(ms).toBeLessThan(expected + SLACK_MS);
      expect(service.log).toMatchObject([{ event: "not_ready", detail: "SPIKE_ROOT_KEYS could not be read in time" }]);
    }
  });

  it("that answers late costs a request only that time (Q33)", async () => {
    const late = fetchedKeys(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return KEY_A;
    });
    const service = await testService(fresh(), { keys: late, requestTimeoutMs: TIMEOUT_MS });
    expect((await put(service)).status).toBe(200);
    expect(service.log).toEqual([]);
  });
});

describe("/readyz", () => {
  it("of a database that hangs and ignores its signal is 503 at the deadline (Q33)", async () => {
    const service = await testService(
      hangingStore(() => true),
      { requestTimeoutMs: TIMEOUT_MS },
    );
    const [answer, ms] = await timed(service.fetch(new Request("http://edge.test/readyz")));
    expect(answer.status).toBe(503);
    expect(ms).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    expect(service.log).toMatchObject([{ event: "not_ready", reason: "store_deadline" }]);
  });

  it("leaves no listener on the client's signal (Q33)", async () => {
    const service = await testService(fresh());
    const request = new Request("http://edge.test/readyz");
    expect((await service.fetch(request)).status).toBe(200);
    expect(getEventListeners(request.signal, "abort")).toEqual([]);
  });
});

describe("a rate limiter that hangs", () => {
  const limiter = (): RateLimiter & { readonly calls: string[] } => {
    const calls: string[] = [];
    return { calls, limit: async ({ key }) => (calls.push(key), await forever()) };
  };

  it("lets a request pass after 100 ms, by address and by identity, and is logged (Q33)", async () => {
    const [byAddress, byIdentity] = [limiter(), limiter()];
    const service = await testService(fresh(), { rateLimits: { byAddress, byIdentity }, requestTimeoutMs: TIMEOUT_MS });
    const [answer, ms] = await timed(put(service));
    expect(answer.status).toBe(200);
    expect(ms).toBeGreaterThan(190);
    expect(ms).toBeLessThan(200 + SLACK_MS);
    expect([byAddress.calls.length, byIdentity.calls.length]).toEqual([1, 1]);
    const failed = { level: "error", event: "rate_limit_failed", reason: "TimeoutError" };
    expect(service.log).toMatchObject([failed, failed]);
  });

  it("does not delay /healthz, and lets /readyz pass (Q33)", async () => {
    const service = await testService(fresh(), { rateLimits: { byAddress: limiter() } });
    const get = async (path: string) => await service.fetch(new Request(`http://edge.test${path}`));
    const [healthy, ms] = await timed(get("/healthz"));
    expect(healthy.status).toBe(200);
    expect(ms).toBeLessThan(90);
    expect((await get("/readyz")).status).toBe(200);
  });

  it("is not waited for longer if the body is too slow as well (Q33)", async () => {
    const rateLimits = { byAddress: limiter(), byIdentity: limiter() };
    const service = await testService(fresh(), { rateLimits, requestTimeoutMs: TIMEOUT_MS });
    const authorization = `Bearer ${await service.domain.token("/w")}`;
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{"path"')) });
    const init = { method: "POST", body, duplex: "half", headers: { authorization } } as RequestInit;
    const [answer, ms] = await timed(service.fetch(new Request(`http://edge.test${SECRETS}`, init)));
    expect(answer.status).toBe(408);
    expect(ms).toBeLessThan(TIMEOUT_MS + 100 + SLACK_MS);
  });

  it("whose late answer refuses or fails changes nothing (Q33)", async () => {
    for (const late of [
      async () => await Promise.resolve({ success: false }),
      async () => await Promise.reject(new Error("late")),
    ]) {
      const answered = Promise.withResolvers<void>();
      const byAddress: RateLimiter = {
        async limit() {
          await new Promise((resolve) => setTimeout(resolve, 130));
          answered.resolve();
          return await late();
        },
      };
      const service = await testService(fresh(), { rateLimits: { byAddress } });
      expect((await put(service)).status).toBe(200);
      await answered.promise;
    }
  });
});
