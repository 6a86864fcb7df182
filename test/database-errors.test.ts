import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import { StoreUnavailable } from "../src/store/store-unavailable.ts";
import { remoteExecute } from "../src/store/libsql/remote-execute.ts";
import { testDatabase } from "../tools/dev-database/test-database.fixture.ts";
import { type HttpDatabase, httpDatabase } from "./harness/http-database.ts";
import { type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const TOKEN = "canary-token";

/** The service over the development server at `url`, and its database requests. */
async function serviceOver(url: string, authToken?: string): Promise<{ service: TestService; requests: string[] }> {
  const requests: string[] = [];
  const counting = async (request: Request, init: RequestInit) => {
    requests.push(request.url);
    return await fetch(request, init);
  };
  const database = authToken === undefined ? { url } : { url, authToken };
  return { service: await testService(libsqlStore(remoteExecute(database, counting))), requests };
}

/** The errors of the development server, as the service meets them. */
describe("a service whose database", () => {
  let guarded: HttpDatabase;
  beforeAll(async () => {
    guarded = await httpDatabase({ authToken: TOKEN });
  });
  afterAll(async () => await guarded.close());

  it("accepts the token works", async () => {
    const { service } = await serviceOver(guarded.url, TOKEN);
    expect((await service.post(SECRETS, { path: "a", values: {} })).status).toBe(200);
  });

  it.each([
    [
      "rejects the token",
      async () => await Promise.resolve(guarded.url),
      "wrong",
      "store_unauthorized",
      /LIBSQL_AUTH_TOKEN/,
    ],
    ["requires a token", async () => await Promise.resolve(guarded.url), undefined, "store_unauthorized", /missing/],
    [
      "has another path",
      async () => await Promise.resolve(`${guarded.url}/x`),
      TOKEN,
      "store_no_database",
      /LIBSQL_URL/,
    ],
    ["has no tables", async () => (await testDatabase()).url, undefined, "store_not_migrated", /run the migrations/],
  ] as const)("%s gets one database request, and the log says what to check (Q14)", async (...given) => {
    const [, url, token, reason, check] = given;
    const { service, requests } = await serviceOver(await url(), token);
    for (const [target, body] of [
      [`${SECRETS}?action=get`, { path: "a" }],
      [`${SECRETS}?action=list`, {}],
      [SECRETS, { path: "a", values: { v: "canary" } }],
    ] as const) {
      requests.length = service.log.length = 0;
      const answer = await service.post(target, body);
      expect(answer).toMatchObject({ status: 503, body: { err: "store_unavailable" } });
      expect(answer.headers.get("retry-after")).toMatch(/^[1-4]$/);
      expect(requests).toHaveLength(1);
      const detail = expect.stringMatching(check);
      expect(service.log).toMatchObject([{ level: "error", event: "request_failed", reason, detail }]);
    }
    expect((await service.fetch(new Request("http://edge.test/readyz"))).status).toBe(503);
    expect(service.log.at(-1)).toMatchObject({ event: "not_ready", reason, detail: expect.stringMatching(check) });
    expect(JSON.stringify([service.log, service.audit])).not.toMatch(/canary|127\.0\.0\.1/);
  });
});

describe("an error of the development server", () => {
  let database: HttpDatabase;
  beforeAll(async () => {
    database = await httpDatabase();
  });
  afterAll(async () => await database.close());
  const NEVER = new AbortController().signal;
  const failing = async (mode: "read" | "write", ...sqls: readonly string[]) => {
    const execute = remoteExecute({ url: database.url }, fetch);
    return await execute(
      sqls.map((sql) => ({ sql, args: [] })),
      mode,
      NEVER,
    );
  };
  const last = "SELECT 1";

  it.each([
    ["a missing table", "SELECT * FROM x", "not_migrated"],
    ["a missing column", "SELECT x FROM store", "not_migrated"],
    ["a syntax error", "SELEC 1", "rejected"],
    ["a value above SQLite's limit", "SELECT zeroblob(2000000000)", "answer_too_large"],
    ["no statement", "-- nothing", "rejected"],
    ["two statements", "SELECT 1; SELECT 2", "rejected"],
    ["an integer overflow", "SELECT abs(-9223372036854775807 - 1)", "rejected"],
  ])("in a read is final: %s (Q51)", async (_, sql, reason) => {
    await expect(failing("read", sql)).rejects.toMatchObject({ reason, outcome: "none", isPassing: false });
  });

  it.each([
    ["a missing table", ["DELETE FROM x"], "not_migrated", false],
    ["a missing column", ["INSERT INTO store (x) VALUES (1)"], "not_migrated", false],
    ["a syntax error", ["INSER"], "rejected", false],
    ["a value above SQLite's limit", ["UPDATE store SET store_id = zeroblob(2000000000)"], "too_large", false],
    ["a check that fails", ["UPDATE store SET id = 2"], "rejected", false],
    ["a null that is not allowed", ["UPDATE store SET store_id = NULL"], "rejected", false],
    ["a row that exists", ["INSERT INTO store SELECT * FROM store"], "busy", true],
    ["a read-only connection", ["PRAGMA query_only = 1", "UPDATE store SET epoch = 1"], "rejected", false],
  ] as const)("in a write applies nothing: %s (Q51)", async (_, sqls, reason, isPassing) => {
    const run = failing("write", ...sqls, last);
    await expect(run).rejects.toMatchObject({ reason, outcome: "none", isPassing });
  });

  it("in the load of a write concerns the answer, not what is stored (Q51)", async () => {
    const run = failing("write", "UPDATE store SET epoch = epoch", "SELECT zeroblob(2000000000)");
    await expect(run).rejects.toMatchObject({ reason: "answer_too_large", outcome: "none" });
  });
});

/** A database whose limit lies below the limit of bodies, as sqld's 5 MB may. */
describe("a write that exceeds a limit of the database", () => {
  let database: HttpDatabase;
  beforeAll(async () => {
    database = await httpDatabase();
  });
  afterAll(async () => await database.close());

  it("is 413 too_large and stores nothing, and a smaller one succeeds (Q51)", async () => {
    const limited = async (request: Request, init: RequestInit): Promise<Response> => {
      const body = await request.clone().text();
      if (!body.includes("BEGIN IMMEDIATE") || body.length < 100_000) return await fetch(request, init);
      const error = { message: "Arguments do not match SQL parameters: string or blob too big", code: "ARGS_INVALID" };
      const { requests } = JSON.parse(body) as { requests: { type: string; batch?: { steps: object[] } }[] };
      const { steps } = requests.find(({ type }) => type === "batch")!.batch!;
      const done = { cols: [], rows: [], affected_row_count: 0, last_insert_rowid: null };
      const result = {
        step_results: steps.map((_, index) => (index === 0 || index === steps.length - 1 ? done : null)),
        step_errors: steps.map((_, index) => (index === 1 ? error : null)),
      };
      const results = requests.map(({ type }) => ({
        type: "ok",
        response: { type, ...(type === "batch" && { result }) },
      }));
      return Response.json({ baton: null, base_url: null, results });
    };
    const service = await testService(libsqlStore(remoteExecute({ url: database.url }, limited)));
    const put = async (length: number) => await service.post(SECRETS, { path: "a", values: { v: "x".repeat(length) } });
    expect(await put(200_000)).toMatchObject({ status: 413, body: { err: "too_large" } });
    const detail = expect.stringContaining("SPIKE_MAX_BODY_BYTES");
    expect(service.log).toMatchObject([{ event: "request_failed", reason: "store_too_large", detail }]);
    expect(service.audit.at(-1)).toMatchObject({ outcome: "store_too_large", status: 413, roundTrips: 2 });
    expect(await put(10)).toMatchObject({ status: 200, body: { version: 1 } });
  });

  it("is 503 if an earlier commit of the same request may have been applied (Q51)", async () => {
    const inner = memoryStore({ storeId: "s", now: Date.now });
    const failures = [
      new StoreUnavailable("connection", "unknown", "lost"),
      new StoreUnavailable("too_large", "none", "SQLITE_TOOBIG"),
    ];
    const service = await testService({
      load: async (query, signal) => await inner.load(query, signal),
      commit: async () => await Promise.reject(failures.shift()!),
    });
    expect(await service.post(SECRETS, { path: "a", values: {} })).toMatchObject({
      status: 503,
      body: { err: "store_unavailable" },
    });
    expect(service.audit.at(-1)).toMatchObject({ outcome: "store_too_large", roundTrips: 4 });
  });
});
