import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type Transaction } from "@libsql/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Cluster, cluster } from "./harness/cluster.ts";
import { IS_EXTERNAL } from "./harness/test-databases.ts";
import { type Fault, isCommit, isWon } from "../tools/fault-proxy/fault-proxy.ts";

const DEADLINE_MS = 1500;

/** One real worker, and a database that is unreachable, slow or returns malformed responses. */
describe("a worker whose database", () => {
  let edge: Cluster;
  beforeAll(async () => {
    edge = await cluster(1, { SPIKE_REQUEST_TIMEOUT_MS: String(DEADLINE_MS) });
  });
  afterAll(async () => await edge.close());
  beforeEach(async () => {
    edge.proxies[0]!.inject(() => "pass");
    expect((await edge.post(0, "", { path: "a", values: { v: "1" } })).status).toBe(200);
  });

  const inject = (choose: (body: string) => Fault) => edge.proxies[0]!.inject(choose);
  const timed = async (target: string, body: object, headers = {}) => {
    const began = performance.now();
    const answer = await edge.post(0, target, body, { headers });
    return { ...answer, ms: performance.now() - began };
  };
  const ready = async () => (await fetch(`${edge.workers[0]!.url}/readyz`)).status;
  const latest = async () => {
    inject(() => "pass");
    const { body } = await edge.post(0, "/metadata?action=get", { path: "a" });
    return (body["metadata"] as { currentVersion: number }).currentVersion;
  };

  const PERSISTENT: readonly (readonly [string, Fault])[] = [
    ["resets every connection", "cut-request"],
    ["never answers", "hang"],
    ["never answers and carries nothing out", "swallow"],
    ["is slower than the deadline", { delayMs: DEADLINE_MS * 2 }],
    ["answers 502", { status: 502 }],
    ["answers 429", { status: 429 }],
    ["answers with HTML", { body: "<html>" }],
    ["answers with JSON of another shape", { body: '{"results":7}' }],
    ["leaves results out", { body: '{"baton":null,"base_url":null,"results":[]}' }],
    ["is cut off in mid-answer", "cut-half-answer"],
  ];

  it.each(PERSISTENT)("%s: 503 with Retry-After within the deadline, for reads and writes", async (_, fault) => {
    inject(() => fault);
    const [get, list, put] = await Promise.all([
      timed("?action=get", { path: "a" }),
      timed("?action=list", {}),
      timed("", { path: "a", values: { v: "2" } }),
    ]);
    for (const answer of [get, list, put]) {
      expect(answer).toMatchObject({ status: 503, body: { err: "store_unavailable" } });
      expect(answer.headers.get("retry-after")).toMatch(/^[1-4]$/);
      expect(answer.ms).toBeLessThan(DEADLINE_MS + 1500);
    }
    expect(list.body["keys"]).toBeNull();
  });

  const sqld = (status: number, error: string): Fault => ({
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ error }),
  });
  const pipeline = (code: string, message: string): Fault => ({
    body: JSON.stringify({ baton: null, base_url: null, results: [{ type: "error", error: { code, message } }] }),
  });

  const PERMANENT: readonly (readonly [string, Fault, string, RegExp])[] = [
    ["rejects the token", sqld(401, "Unauthorized: `The JWT is invalid`"), "unauthorized", /LIBSQL_AUTH_TOKEN/],
    ["rejects a write", sqld(401, "Not authorized to execute query: x"), "unauthorized", /does not allow writes/],
    ["answers 403", { status: 403 }, "unauthorized", /LIBSQL_AUTH_TOKEN/],
    ["was deleted", sqld(404, "Namespace `x` doesn't exist"), "no_database", /LIBSQL_URL/],
    ["redirects", { status: 302, headers: { location: "http://127.0.0.1:1/" } }, "no_database", /redirect/],
    ["is blocked", pipeline("BLOCKED", "Operation was blocked"), "blocked", /plan/],
    [
      "has no tables",
      pipeline("SQL_INPUT_ERROR", "SQL input error: no such table: store"),
      "not_migrated",
      /migrations/,
    ],
    ["is damaged", pipeline("SQLITE_CORRUPT", "SQLite error: malformed"), "rejected", /backup/],
    ["answers too much", pipeline("RESPONSE_TOO_LARGE", "Response is too large"), "answer_too_large", /10 MB/],
  ];

  it.each(PERMANENT)(
    "%s: one request, 503 at once, and a log line that says what to check (Q14, Q51)",
    async (...given) => {
      const [, fault, reason, check] = given;
      const lines = edge.workers[0]!.lines().length;
      inject(() => fault);
      for (const [target, body] of [
        ["?action=get", { path: "a" }],
        ["?action=list", {}],
        ["", { path: "a", values: { v: "2" } }],
      ] as const) {
        const before = edge.proxies[0]!.requests();
        expect(await timed(target, body)).toMatchObject({ status: 503, body: { err: "store_unavailable" } });
        expect(edge.proxies[0]!.requests() - before).toBe(1);
      }
      expect(await ready()).toBe(503);
      inject((body) => (isCommit(body) ? fault : "pass"));
      const before = edge.proxies[0]!.requests();
      expect((await timed("", { path: "a", values: { v: "2" } })).status).toBe(503);
      expect(edge.proxies[0]!.requests() - before, "a load and a commit").toBe(2);
      const logged = () =>
        edge.workers[0]!.lines()
          .slice(lines)
          .filter((line) => line.includes(`"store_${reason}","detail"`));
      await expect.poll(() => logged().length).toBe(5);
      for (const line of logged()) expect(line).toMatch(check);
      expect(logged().filter((line) => line.includes('"not_ready"'))).toHaveLength(1);
    },
  );

  it("answers one request with 429 and Retry-After: the next request comes after that time (Q51)", async () => {
    for (const select of [(body: string) => !isCommit(body), isCommit]) {
      const times: number[] = [];
      inject((body) => {
        if (!select(body)) return "pass";
        return times.push(performance.now()) === 1 ? { status: 429, headers: { "retry-after": "1" } } : "pass";
      });
      expect((await timed("", { path: "a", values: { v: "2" } })).status).toBe(200);
      expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
    }
  });

  it("answers with 429 and a Retry-After beyond the deadline: 503 after one request (Q51)", async () => {
    inject(() => ({ status: 429, headers: { "retry-after": "60" } }));
    const before = edge.proxies[0]!.requests();
    const answer = await timed("?action=get", { path: "a" });
    expect(answer.status).toBe(503);
    expect(edge.proxies[0]!.requests() - before).toBe(1);
    await expect.poll(() => edge.workers[0]!.output()).toContain('"store_busy","detail":"HTTP 429"');
  });

  const PASSING: readonly (readonly [string, Fault])[] = [
    ["resets one connection", "cut-request"],
    ["answers one request with 502", { status: 502 }],
    ["answers one request with 429", { status: 429 }],
    ["takes one lock away", pipeline("TRANSACTION_TIMEOUT", "Transaction timed out")],
    ["is a replica that cannot reach its primary once", pipeline("PROXY_ERROR", "error executing a request")],
    [
      "is a replica that loses one answer",
      { status: 500, carriedOut: true, body: '{"error":"Connection with primary broken"}' },
    ],
    ["answers one request with a malformed body", { body: "malformed" }],
    ["loses one answer", "cut-answer"],
    ["hangs once (Q34)", "hang"],
    ["is cut off in one answer", "cut-half-answer"],
    ["carries one request out twice", "twice"],
  ];

  it.each(PASSING)("%s: the caller gets a normal response, and a write is applied once", async (_, fault) => {
    const before = await latest();
    let loads = 0;
    inject((body) => (!isCommit(body) && (loads += 1) === 1 ? fault : "pass"));
    expect((await timed("?action=get", { path: "a" })).status).toBe(200);
    let commits = 0;
    inject((body) => (isCommit(body) && (commits += 1) === 1 ? fault : "pass"));
    expect(await timed("", { path: "a", values: { v: "2" } })).toMatchObject({
      status: 200,
      body: { version: before + 1 },
    });
    expect(await latest()).toBe(before + 1);
  });

  it("loses every answer to commits: the caller gets the true answer, and the write is applied once", async () => {
    const before = await latest();
    inject((body) => (isCommit(body) ? "cut-answer" : "pass"));
    expect(await timed("", { path: "a", values: { v: "2" } })).toMatchObject({
      status: 200,
      body: { version: before + 1 },
    });
    expect(await latest()).toBe(before + 1);
  });

  it("hangs on every commit: the caller gets the true answer before the deadline (Q34)", async () => {
    const before = await latest();
    inject((body) => (isCommit(body) ? "hang" : "pass"));
    const answer = await timed("", { path: "a", values: { v: "2" } });
    expect(answer).toMatchObject({ status: 200, body: { version: before + 1 } });
    expect(answer.ms).toBeLessThan(DEADLINE_MS);
    expect(await latest()).toBe(before + 1);
  });

  it("hangs from a commit on: 503 at the deadline, and the same idempotency key gets the first outcome", async () => {
    const before = await latest();
    let commits = 0;
    inject((body) => {
      if (isCommit(body)) commits += 1;
      return commits > 0 ? "hang" : "pass";
    });
    const headers = { "Idempotency-Key": `hang-${before}` };
    expect((await timed("", { path: "a", values: { v: "2" } }, headers)).status).toBe(503);
    inject(() => "pass");
    const again = await timed("", { path: "a", values: { v: "2" } }, headers);
    expect(again).toMatchObject({ status: 200, body: { version: before + 1 } });
    expect(await latest()).toBe(before + 1);
  });

  it("never gets a commit: 503 at the deadline, and the same idempotency key is applied once", async () => {
    const before = await latest();
    inject((body) => (isCommit(body) ? "swallow" : "pass"));
    const headers = { "Idempotency-Key": `swallow-${before}` };
    expect((await timed("", { path: "a", values: { v: "2" } }, headers)).status).toBe(503);
    expect(await latest()).toBe(before);
    const again = await timed("", { path: "a", values: { v: "2" } }, headers);
    expect(again).toMatchObject({ status: 200, body: { version: before + 1 } });
    expect(await latest()).toBe(before + 1);
  });

  it("gets a commit after its deadline: the commit is not applied (H07)", async () => {
    const before = await latest();
    let passedOn: Promise<string | undefined> | undefined;
    edge.proxies[0]!.inject((body) => {
      if (!isCommit(body)) return "pass";
      if (passedOn !== undefined) return { status: 502 };
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      passedOn = promise;
      return { fault: { status: 502, passedOnAfterMs: DEADLINE_MS + 500 }, happened: resolve };
    });
    expect((await timed("", { path: "a", values: { v: "late" } })).status).toBe(503);
    const answer = await passedOn;
    expect(answer, "the database has answered the late commit").toContain('"step_results"');
    expect(isWon(answer ?? "")).toBe(false);
    expect(await latest()).toBe(before);
  });

  it("gets a commit after its 502 and before the deadline: the caller gets the true answer (H07)", async () => {
    const before = await latest();
    let commits = 0;
    inject((body) => {
      if (!isCommit(body)) return "pass";
      commits += 1;
      return commits === 1 ? { status: 502, passedOnAfterMs: 100 } : { status: 502 };
    });
    expect(await timed("", { path: "a", values: { v: "2" } })).toMatchObject({
      status: 200,
      body: { version: before + 1 },
    });
    expect(await latest()).toBe(before + 1);
  });

  it.each([
    ["a read", "?action=get", { path: "a" }],
    ["a write before its first commit", "", { path: "a", values: {} }],
  ])("gets no more requests for %s after the caller has closed the connection", async (_, target, body) => {
    inject(() => "cut-request");
    const before = edge.proxies[0]!.requests();
    const twice = (async () => {
      while (edge.proxies[0]!.requests() < before + 2) await sleep(5);
    })();
    await edge.postAndHangUp(0, target, body, twice);
    await sleep(100);
    const then = edge.proxies[0]!.requests();
    await sleep(DEADLINE_MS);
    expect(edge.proxies[0]!.requests()).toBe(then);
  });

  it("applies a commit although the caller has closed the connection", async () => {
    const before = await latest();
    let commits = 0;
    inject((body) => {
      if (!isCommit(body)) return "pass";
      commits += 1;
      return commits === 1 ? "cut-request" : { delayMs: 200 };
    });
    const underWay = (async () => {
      while (commits === 0) await sleep(2);
    })();
    await edge.postAndHangUp(0, "", { path: "a", values: { v: "2" } }, underWay);
    const until = performance.now() + DEADLINE_MS * 2;
    while (commits < 2 && performance.now() < until) await sleep(20);
    await sleep(400);
    expect(commits).toBe(2);
    expect(await latest()).toBe(before + 1);
  });
});

/**
 * Another client holds the database's write lock. The development server returns SQLITE_BUSY after 20 ms. Other servers may let the
 * commit wait, and may carry it out when the lock is released, even if the worker has given up.
 */
describe("a worker whose database is locked", () => {
  let edge: Cluster;
  beforeAll(async () => {
    edge = await cluster(1, { SPIKE_REQUEST_TIMEOUT_MS: String(DEADLINE_MS) }, { busyTimeoutMs: 20 });
    expect((await put("first")).status).toBe(200);
  });
  afterAll(async () => await edge.close());

  const put = async (v: string, key?: string) =>
    await edge.post(
      0,
      "",
      { path: "a", values: { v } },
      key === undefined ? {} : { headers: { "Idempotency-Key": key } },
    );
  const get = async () => await edge.post(0, "?action=get", { path: "a" });
  const locked = async <T>(work: (lock: Transaction) => Promise<T>): Promise<T> => {
    const client = createClient({ url: edge.database.url });
    const lock = await client.transaction("write");
    try {
      // The driver sends BEGIN with the first statement.
      await lock.execute("UPDATE store SET id = 1");
      return await work(lock);
    } finally {
      lock.close();
      client.close();
    }
  };

  it("for a while serves reads, and applies a waiting write once", async () => {
    const before = edge.proxies[0]!.requests();
    const written = await locked(async (lock) => {
      const writing = put("second");
      expect((await get()).body).toEqual({ data: { v: "first" } });
      await sleep(400);
      await lock.rollback();
      return await writing;
    });
    expect(written).toMatchObject({ status: 200, body: { version: 2, revision: 2 } });
    // A load and a commit. With the development server also the commits that met the lock.
    expect(edge.proxies[0]!.requests() - before).toBeGreaterThan(IS_EXTERNAL ? 1 : 4);
    expect((await get()).body).toEqual({ data: { v: "second" } });
  });

  it("past the deadline returns 503, and applies the same idempotency key once afterwards", async () => {
    const refused = await locked(async () => await put("third", "k"));
    expect(refused).toMatchObject({ status: 503, body: { err: "store_unavailable" } });
    expect(refused.headers.get("retry-after")).toMatch(/^[1-4]$/);
    await expect.poll(() => edge.workers[0]!.output()).toMatch(/"reason":"store_(busy|deadline)"/);
    if (!IS_EXTERNAL) expect((await get()).body).toEqual({ data: { v: "second" } });
    expect((await put("third", "k")).body).toEqual({ version: 3, revision: 3 });
    expect((await put("third", "k")).body).toEqual({ version: 3, revision: 3 });
  });
});

/** A caller who depends on a policy. A fault must not change the answers, and must not grant anything. */
describe("a workload's request whose database fails", () => {
  let edge: Cluster;
  const SECRETS = "/v1/store/secrets";
  beforeAll(async () => {
    edge = await cluster(1, { SPIKE_REQUEST_TIMEOUT_MS: String(DEADLINE_MS) });
    await edge.post(0, "", { path: "app/a", values: { v: "1" } });
    await edge.post(0, "", { path: "x", values: { v: "1" } });
    const policy = {
      name: "p",
      spiffeidPattern: "^spiffe://spike\\.ist/app$",
      pathPattern: "^app/",
      permissions: ["read", "write"],
    };
    expect((await edge.send(0, "/spike/pilot/role/superuser", "/v1/acl/policy", policy)).status).toBe(200);
  });
  afterAll(async () => await edge.close());
  beforeEach(() => edge.proxies[0]!.inject(() => "pass"));

  it.each<readonly [string, Fault]>([
    ["permanently", "cut-request"],
    ["with 502", { status: 502 }],
    ["with a malformed answer", { body: '{"results":[]}' }],
    ["with half an answer", "cut-half-answer"],
  ])("%s gets a 503, whether it would be allowed or not", async (_, fault) => {
    edge.proxies[0]!.inject(() => fault);
    for (const path of ["app/a", "x"]) {
      expect((await edge.send(0, "/app", `${SECRETS}?action=get`, { path })).status).toBe(503);
    }
  });

  it.each<readonly [string, Fault]>([
    ["once", "cut-request"],
    ["after the commit", "cut-answer"],
    ["with 429", { status: 429 }],
    ["by running the request twice", "twice"],
  ])("%s is applied once", async (_, fault) => {
    const latest = async () =>
      Number((await edge.send(0, "/app", SECRETS, { path: "app/count", values: {} })).body["version"]);
    const before = await latest();
    let commits = 0;
    edge.proxies[0]!.inject((body) => (isCommit(body) && (commits += 1) === 1 ? fault : "pass"));
    expect(await latest()).toBe(before + 1);
    edge.proxies[0]!.inject(() => "pass");
    expect(await latest()).toBe(before + 2);
  });
});
