import { getEventListeners } from "node:events";
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { AuditLine } from "../src/api/audit-line.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Store } from "../src/store/store.ts";
import { type FaultProxy, faultProxy, isCommit } from "../tools/fault-proxy/fault-proxy.ts";
import { buildWorker } from "../tools/workerd/build-worker.ts";
import { startWorker, type Worker } from "../tools/workerd/start-worker.ts";
import { randomText } from "./harness/canaries.ts";
import { type HttpDatabase, httpDatabase } from "./harness/http-database.ts";
import { SUPERUSER, type TestDomain, testDomain } from "./harness/identity.ts";
import { createInterleavingWorker, STALL_MS } from "./harness/interleaving-worker.ts";
import { KEY_A, testService } from "./harness/service.ts";
import { tenantLane } from "./harness/tenant-lane.ts";
import { exchange, type Exchange, sendAndAbort, type Tenant } from "./harness/tenant.ts";

const REQUESTS = 10_000;
const LANES = 50;
const KEPT = 10;

const SECRETS = "/v1/store/secrets";

let domain: TestDomain;
let built: Awaited<ReturnType<typeof buildWorker>>;
let superuser: Tenant;
let tenants: readonly [Tenant, Tenant];
beforeAll(async () => {
  [domain, built] = await Promise.all([testDomain(), buildWorker()]);
  const [admin, a, b] = await Promise.all([
    createTenant("", SUPERUSER),
    createTenant("a", "/a"),
    createTenant("b", "/b"),
  ]);
  superuser = admin;
  tenants = [a, b];
});
afterAll(() => built.remove());

async function createTenant(name: string, path: string): Promise<Tenant> {
  const token = await domain.token(path);
  return { name, canary: randomText(20), spiffeId: `spiffe://${domain.name}${path}`, token };
}

function settings(): Record<string, string> {
  return {
    SPIKE_ROOT_KEYS: KEY_A,
    SPIKE_TRUST_BUNDLES: JSON.stringify({ [domain.name]: domain.bundle }),
    SPIKE_NEXUS_MAX_SECRET_VERSIONS: String(KEPT),
  };
}

interface StoredEntry {
  readonly traceId: string;
  readonly spiffeId: string;
  readonly resource: string;
}

/** The audit lines that a worker has printed, by trace id. */
function linesOf(worker: Worker): ReadonlyMap<string, readonly AuditLine[]> {
  const lines = new Map<string, AuditLine[]>();
  for (const text of worker.lines()) {
    if (!text.startsWith("{")) continue;
    const { audit } = JSON.parse(text) as { audit?: AuditLine };
    if (audit !== undefined) lines.set(audit.traceId, [...(lines.get(audit.traceId) ?? []), audit]);
  }
  return lines;
}

/**
 * Two workloads with 25 concurrent requests each, in one isolate.
 *
 * The memory store is fast and lives in the same isolate, so only the service itself separates the two callers. With a real
 * store, other requests run between a load and a commit. In this worker they run between cryptographic operations.
 */
describe("10 000 requests of two callers in one isolate", () => {
  let worker: Worker;
  let agent: Agent;
  let exchanges: readonly Exchange[];
  let problems: readonly string[];
  beforeAll(async () => {
    worker = await startWorker(createInterleavingWorker(built.folder), {
      ...settings(),
      SPIKE_NEXUS_BACKEND_STORE: "memory",
    });
    agent = new Agent({ keepAlive: true, maxSockets: LANES });
    for (const { name, spiffeId } of tenants) {
      const spiffeidPattern = `^${spiffeId.replaceAll(".", String.raw`\.`)}$`;
      const body = { name, spiffeidPattern, pathPattern: `^${name}/`, permissions: ["read", "write", "list"] };
      const put = { tenant: superuser, action: "policy.put", target: "/v1/acl/policy", body };
      expect((await exchange(worker.url, put, agent)).status).toBe(200);
    }
    const lanes = Array.from({ length: LANES }, (_, index) => laneOf(index));
    await Promise.all(lanes.map(async (lane) => await lane.run(REQUESTS / LANES)));
    exchanges = lanes.flatMap((lane) => lane.exchanges);
    problems = lanes.flatMap((lane) => lane.problems);
  });
  afterAll(async () => {
    agent.destroy();
    await worker.kill();
  });

  const laneOf = (index: number) => {
    const [mine, other] = index % 2 === 0 ? tenants : [tenants[1], tenants[0]];
    return tenantLane({ url: worker.url, agent, index, mine, other, kept: KEPT });
  };
  /** The audit lines, as soon as there is one for every response. */
  const completeLines = async (): Promise<ReadonlyMap<string, readonly AuditLine[]>> => {
    for (let attempts = 50; ; attempts -= 1) {
      const lines = linesOf(worker);
      if (attempts === 0 || answered().every(({ traceId }) => lines.has(traceId))) return lines;
      await sleep(100);
    }
  };
  const answered = () => exchanges.filter(({ status }) => status !== undefined);

  it("never shows one caller's data to the other, and shows each its own last write (P18)", () => {
    expect(exchanges).toHaveLength(REQUESTS);
    expect(problems).toEqual([]);
    // The lanes have provoked every kind of response.
    const statuses = new Set(exchanges.map(({ status }) => status));
    expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 401, 404, 409, undefined]));
  });

  it("gives each request its own response (P18)", () => {
    expect(new Set(exchanges.map(({ traceId }) => traceId)).size).toBe(REQUESTS);
  });

  it("logs one line per request, with its caller, path and status (P18, P20)", async () => {
    const lines = await completeLines();
    const wrong = answered().filter((each) => {
      const { tenant, traceId, action, path, status, hasValidToken } = each;
      const [line, ...more] = lines.get(traceId) ?? [];
      const resource = path === undefined ? undefined : `secret:${path}`;
      const isRight = line?.action === action && line.resource === resource && line.status === status;
      const caller = hasValidToken ? tenant.spiffeId : undefined;
      return !(isRight && more.length === 0 && line.spiffeId === caller);
    });
    expect(wrong.map(({ traceId }) => lines.get(traceId))).toEqual([]);
    // Every other line belongs to a request too.
    const sent = new Set(exchanges.map(({ traceId }) => traceId));
    const others = [...lines.values()].flat().filter(({ traceId }) => !sent.has(traceId));
    expect(others.filter(({ spiffeId }) => spiffeId !== superuser.spiffeId)).toEqual([]);
  });

  it("never makes one caller wait for the other's work (P20)", async () => {
    const stalled = worker.lines().filter((line) => line.startsWith("stalled: "));
    expect(stalled.map((line) => line.split(" ")[1])).toEqual(
      expect.arrayContaining(["sign", "verify", "decrypt", "encrypt"]),
    );
    const late = [...(await completeLines()).values()].flat().filter(({ durationMs }) => durationMs > STALL_MS - 500);
    expect(late.length).toBeGreaterThan(0);
    expect(late.length).toBeLessThanOrEqual(stalled.length);
  });

  it("records the caller of the request and their own path in each audit entry (P18)", async () => {
    const sent = new Map(exchanges.map((each) => [each.traceId, each]));
    const entries = (await storedEntries()).filter(({ spiffeId }) => spiffeId !== superuser.spiffeId);
    expect(entries.length).toBeGreaterThan(REQUESTS / 20);
    const wrong = entries.filter(({ traceId, spiffeId, resource }) => {
      const { tenant, path } = sent.get(traceId) ?? {};
      return spiffeId !== tenant?.spiffeId || resource !== `secret:${path}`;
    });
    expect(wrong).toEqual([]);
  });

  it("logs every aborted write that was stored, and stores every one that is logged as stored (P21)", async () => {
    const lines = await completeLines();
    const aborted = exchanges.filter(({ status }) => status === undefined);
    const arrived = aborted.flatMap(({ traceId, tenant }) =>
      (lines.get(traceId) ?? []).map((line) => ({ ...line, tenant })),
    );
    expect(arrived.length).toBeGreaterThan(aborted.length / 20);
    expect(new Set(arrived.map(({ traceId }) => traceId)).size).toBe(arrived.length);
    // A request that was aborted within its body has no path.
    const wrong = arrived.filter(
      ({ spiffeId, resource, tenant, status }) =>
        spiffeId !== tenant.spiffeId ||
        (status === 400 ? resource !== undefined : !resource?.startsWith(`secret:${tenant.name}/`)),
    );
    expect(wrong).toEqual([]);
    const written = arrived.filter(({ action, outcome }) => action === "secret.put" && outcome === "ok");
    const stored = new Set((await storedEntries()).map(({ traceId }) => traceId));
    expect(written.filter(({ traceId }) => !stored.has(traceId))).toEqual([]);
    expect(aborted.filter(({ traceId }) => stored.has(traceId)).length).toBe(written.length);
    expect(written.length).toBeGreaterThan(0);
  });

  it("logs no values (P18, P21)", () => {
    for (const { canary } of tenants) expect(worker.output().includes(canary)).toBe(false);
  });

  const storedEntries = async (): Promise<readonly StoredEntry[]> => {
    const entries: StoredEntry[] = [];
    for (let after: number | undefined = 0; after !== undefined;) {
      const body = { after, limit: 1000 };
      const list = { tenant: superuser, action: "audit.list", target: "/v1/audit?action=list", body };
      const { text } = await exchange(worker.url, list, agent);
      const page = JSON.parse(text.slice(text.indexOf("\n\n"))) as { entries: StoredEntry[]; next?: number };
      entries.push(...page.entries);
      after = page.next;
    }
    return entries;
  };
});

const TIMEOUT_MS = 1500;

/** Over a real database, where a caller can disconnect during a commit. */
describe("aborted requests (P21)", () => {
  let database: HttpDatabase;
  let proxy: FaultProxy;
  let worker: Worker;
  beforeAll(async () => {
    database = await httpDatabase();
    proxy = await faultProxy(database.url);
    const env = { LIBSQL_URL: proxy.url, SPIKE_REQUEST_TIMEOUT_MS: String(TIMEOUT_MS) };
    worker = await startWorker(built.folder, { ...settings(), ...env });
  });
  afterAll(async () => {
    await worker.kill();
    await proxy.close();
    await database.close();
  });

  it("are completed, with their audit line and their change, and leave no work behind", async () => {
    const agent = new Agent({ keepAlive: true });
    const value = randomText(20);
    const put = (path: string) => ({
      tenant: superuser,
      action: "secret.put",
      target: SECRETS,
      body: { path, values: { v: value } },
    });
    // All other commits wait for the first commit of a store.
    expect((await exchange(worker.url, put("first"), agent)).status).toBe(200);
    const paths = Array.from({ length: 6 }, (_, index) => `gone/${index}`);
    const committing = new Map(paths.map((path) => [path, Promise.withResolvers<void>()]));
    proxy.inject((body) => {
      if (!isCommit(body)) return "pass";
      for (const [path, { resolve }] of committing) if (body.includes(`"${path}"`)) resolve();
      return { delayMs: 100 };
    });
    const sent = await Promise.all(
      paths.map(
        async (path) => await sendAndAbort(worker.url, put(path), async () => await committing.get(path)?.promise),
      ),
    );
    await expect.poll(() => linesOf(worker).size, { timeout: 5000 }).toBe(1 + sent.length);
    const lines = linesOf(worker);
    for (const { traceId, path } of sent) {
      const resource = `secret:${path}`;
      const line = { action: "secret.put", resource, spiffeId: superuser.spiffeId, status: 200, outcome: "ok" };
      expect(lines.get(traceId)).toMatchObject([line]);
    }
    // Longer than the request timeout: work left behind would have shown up.
    const requests = proxy.requests();
    await sleep(TIMEOUT_MS + 200);
    expect([proxy.requests(), proxy.underWay()]).toEqual([requests, 0]);
    expect(linesOf(worker).size).toBe(1 + sent.length);
    expect(worker.output()).not.toContain(value);
    for (const path of paths) {
      const get = { tenant: superuser, action: "secret.get", target: `${SECRETS}?action=get`, body: { path } };
      expect((await exchange(worker.url, get, agent)).text).toContain(`{"data":{"v":"${value}"}}`);
    }
    agent.destroy();
  });
});

describe("an aborted request in this process (P21)", () => {
  const collect = garbageCollector();

  it.each(["load", "commit"] as const)(
    "leaves no timer, no listener and no memory behind if it is aborted during a %s",
    async (operation) => {
      const inner = memoryStore({ storeId: "s", now: Date.now });
      const [held, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const changes: WeakRef<object>[] = [];
      const hold = async (current: string): Promise<void> => {
        if (current !== operation) return;
        reached.resolve();
        await held.promise;
      };
      const store: Store = {
        load: async (query, signal) => (await hold("load"), await inner.load(query, signal)),
        async commit(change, query, signal) {
          changes.push(new WeakRef(change));
          await hold("commit");
          return await inner.commit(change, query, signal);
        },
      };
      const service = await testService(store);
      const timers = watchTimers();
      const references = await (async () => {
        const client = new AbortController();
        const headers = { authorization: `Bearer ${await service.domain.token(SUPERUSER)}` };
        const body = JSON.stringify({ path: "a", values: { v: "x" } });
        const request = new Request(`http://edge.test${SECRETS}`, {
          method: "POST",
          headers,
          body,
          signal: client.signal,
        });
        const answer = service.fetch(request);
        await reached.promise;
        // The deadline of the request, and the limit of its database request.
        expect(timers.size).toBe(2);
        client.abort();
        held.resolve();
        expect((await answer).status).toBe(operation === "load" ? 503 : 200);
        expect(getEventListeners(request.signal, "abort")).toEqual([]);
        return [new WeakRef<object>(request), new WeakRef<object>(request.signal)];
      })();
      expect(timers.size).toBe(0);
      expect(service.audit).toMatchObject([{ outcome: operation === "load" ? "store_gone" : "ok" }]);
      vi.restoreAllMocks();
      await expect
        .poll(() => (collect(), [...references, ...changes].filter((each) => each.deref() !== undefined)), {
          timeout: 5000,
        })
        .toEqual([]);
    },
  );
});

/** The timers that are set after this call and have neither fired nor been cleared. */
function watchTimers(): ReadonlySet<unknown> {
  const running = new Set<unknown>();
  const { setTimeout, clearTimeout } = globalThis;
  const set = (callback: () => void, ms?: number): NodeJS.Timeout => {
    const timer = setTimeout(() => {
      running.delete(timer);
      callback();
    }, ms);
    running.add(timer);
    return timer;
  };
  const clear = (timer: NodeJS.Timeout): void => {
    running.delete(timer);
    clearTimeout(timer);
  };
  vi.spyOn(globalThis, "setTimeout").mockImplementation(set);
  vi.spyOn(globalThis, "clearTimeout").mockImplementation(clear as typeof clearTimeout);
  onTestFinished(() => void vi.restoreAllMocks());
  return running;
}

/** The garbage collector. Node exposes it only with a flag. */
function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
