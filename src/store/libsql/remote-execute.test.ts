import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Statement } from "./execute.ts";
import { remoteExecute } from "./remote-execute.ts";

const NEVER = new AbortController().signal;
const DONE = { cols: [], rows: [], affected_row_count: 0, last_insert_rowid: null };
const ok = (response: object) => ({ type: "ok", response });
const error = (code: string) => ({ type: "error", error: { message: "quotes what was sent", code } });
const batchOf = (results: readonly unknown[], errors: readonly unknown[] = results.map(() => null)) =>
  ok({ type: "batch", result: { step_results: results, step_errors: errors } });
const closed = ok({ type: "close" });

const READ = { results: [ok({ type: "execute", result: DONE }), closed] };
const WRITE = { results: [ok({ type: "store_sql" }), batchOf([DONE, DONE, DONE, null]), closed] };
const FORWARDED = {
  results: [ok({ type: "store_sql" }), ok({ type: "store_sql" }), batchOf([DONE, DONE, DONE, DONE, null]), closed],
};
const statement: Statement = { sql: "SELECT 1", args: [] };

/** Runs one statement against a server that answers with `body`. */
async function execute(
  mode: "read" | "write",
  body: unknown,
  sent: Statement = statement,
  database: { readonly url: string; readonly forwardsReads?: boolean } = { url: "https://db.example" },
) {
  const requests: { request: Request; init: RequestInit }[] = [];
  const run = remoteExecute(database, async (request, init) => {
    requests.push({ request, init });
    return await Promise.resolve(typeof body === "string" ? new Response(body) : Response.json(body));
  });
  const results = await run([sent], mode, NEVER);
  expect(requests).toHaveLength(1);
  return { results, ...requests[0]! };
}

const sentBy = async (mode: "read" | "write", sent: Statement = statement): Promise<{ requests: readonly object[] }> =>
  (await (await execute(mode, mode === "read" ? READ : WRITE, sent)).request.json()) as { requests: object[] };

describe("the database's URL", () => {
  it.each([
    ["libsql://db.example", "https://db.example/v2/pipeline"],
    ["libsql://db.example:8080", "https://db.example:8080/v2/pipeline"],
    ["libsql://db.example?tls=1", "https://db.example/v2/pipeline"],
    ["libsql://127.0.0.1:8080?tls=0", "http://127.0.0.1:8080/v2/pipeline"],
    ["https://db.example/", "https://db.example/v2/pipeline"],
    ["https://db.example/tenant/", "https://db.example/tenant/v2/pipeline"],
    ["https://db.example/tenant", "https://db.example/tenant/v2/pipeline"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080/v2/pipeline"],
  ])("%s is reached at %s", async (url, pipeline) => {
    expect((await execute("read", READ, statement, { url })).request.url).toBe(pipeline);
  });
});

describe("a request to the database", () => {
  it("is a POST with the token, if there is one, and follows no redirect", async () => {
    const database = { url: "https://db.example", authToken: "t" };
    const { request, init } = await execute("read", READ, statement, database);
    expect(request.method).toBe("POST");
    expect(init).toEqual({ signal: NEVER, redirect: "manual" });
    expect(Object.fromEntries(request.headers)).toEqual({
      "content-type": "application/json",
      authorization: "Bearer t",
    });
    expect((await execute("read", READ)).request.headers.has("authorization")).toBe(false);
  });

  it("sends a read as one statement, without a transaction", async () => {
    const sql = 'SELECT "a" FROM t';
    expect((await sentBy("read", { sql, args: [] })).requests).toEqual([
      { type: "execute", stmt: { sql, args: [], named_args: [], want_rows: true } },
      { type: "close" },
    ]);
  });

  it("makes a replica forward a read with a step that its server takes for a write, in one transaction", async () => {
    const database = { url: "https://db.example", forwardsReads: true };
    const { request, results } = await execute("read", FORWARDED, statement, database);
    const { requests } = (await request.json()) as { requests: { batch?: { steps: { stmt: { sql?: string } }[] } }[] };
    expect(requests.slice(0, 2)).toMatchObject([{ sql: "PRAGMA user_version" }, { sql: "SELECT 1" }]);
    expect(requests[2]?.batch?.steps.map(({ stmt }) => stmt.sql)).toEqual([
      "BEGIN DEFERRED",
      undefined,
      undefined,
      "COMMIT",
      "ROLLBACK",
    ]);
    expect(results).toHaveLength(1);
  });

  it.each([0, 1, 2, 3])("changes nothing with a forwarded read whose step %d fails at the primary", async (step) => {
    const errors = Array.from({ length: 5 }, (_, n) => (n === step ? { message: "m", code: "PROXY_ERROR" } : null));
    const body = {
      results: [
        ok({ type: "store_sql" }),
        ok({ type: "store_sql" }),
        batchOf([null, null, null, null, null], errors),
        closed,
      ],
    };
    const database = { url: "https://db.example", forwardsReads: true };
    await expect(execute("read", body, statement, database)).rejects.toMatchObject({
      reason: "replica",
      outcome: "none",
      isPassing: true,
    });
  });

  it("sends a write as one transaction whose every step requires the step before it", async () => {
    const done = (step: number) => ({ type: "ok", step });
    const run = (sql: string) => ({ sql, args: [], named_args: [], want_rows: false });
    expect((await sentBy("write", { sql: "X", args: [] })).requests).toEqual([
      { type: "store_sql", sql_id: 0, sql: "X" },
      {
        type: "batch",
        batch: {
          steps: [
            { stmt: run("BEGIN IMMEDIATE") },
            { stmt: { sql_id: 0, args: [], named_args: [], want_rows: true }, condition: done(0) },
            { stmt: run("COMMIT"), condition: done(1) },
            { stmt: run("ROLLBACK"), condition: { type: "not", cond: done(2) } },
          ],
        },
      },
      { type: "close" },
    ]);
  });

  it("carries every value unchanged, by position and by name", async () => {
    const value = fc.oneof(
      fc.constant(null),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.string({ unit: "binary" }),
      fc.uint8Array(),
    );
    await fc.assert(
      fc.asyncProperty(value, async (given) => {
        const expected =
          given === null
            ? { type: "null" }
            : typeof given === "bigint"
              ? { type: "integer", value: String(given) }
              : typeof given === "string"
                ? { type: "text", value: given }
                : { type: "blob", base64: Buffer.from(given).toString("base64") };
        const [byName] = (await sentBy("read", { sql: "S", args: { place: given } })).requests;
        expect(byName).toMatchObject({ stmt: { args: [], named_args: [{ name: "place", value: expected }] } });
        const [, byPosition] = (await sentBy("write", { sql: "S", args: [given] })).requests;
        expect(byPosition).toMatchObject({ batch: { steps: [{}, { stmt: { args: [expected] } }, {}, {}] } });
      }),
    );
  });

  it("takes exactly one statement for a read", async () => {
    const run = remoteExecute({ url: "https://db.example" }, async () => await Promise.resolve(Response.json(READ)));
    await expect(run([statement, statement], "read", NEVER)).rejects.toThrow();
  });
});

describe("an answer", () => {
  it("gives integers, texts, bytes and null by position", async () => {
    const cells = [
      { type: "integer", value: "-7" },
      { type: "text", value: "1" },
      { type: "null" },
      ...["", "/w==", "/w", "AP8Q"].map((base64) => ({ type: "blob", base64 })),
    ];
    const result = { ...DONE, cols: cells.map(() => ({ name: null })), rows: [cells] };
    const { results } = await execute("read", { results: [ok({ type: "execute", result }), closed] });
    const bytes = (...values: readonly number[]) => Uint8Array.from(values).buffer;
    expect(cells.map((_, column) => results[0]?.rows[0]?.[column])).toEqual([
      -7,
      "1",
      null,
      bytes(),
      bytes(255),
      bytes(255),
      bytes(0, 255, 16),
    ]);
  });

  const cell = (value: unknown) => ({
    results: [ok({ type: "execute", result: { ...DONE, cols: [{}], rows: [[value]] } }), closed],
  });
  it.each<readonly [string, unknown]>([
    ["null", null],
    ["another shape", { results: 7 }],
    ["no results", { results: [] }],
    ["results of other requests", { results: [closed, closed] }],
    ["text that is not JSON", "<html>"],
    ["a failed stream", { results: [error("X"), closed] }],
    ["no rows", { results: [ok({ type: "execute", result: { ...DONE, rows: undefined } }), closed] }],
    ["a row that is not a list", { results: [ok({ type: "execute", result: { ...DONE, rows: [7] } }), closed] }],
    ...[
      null,
      1,
      "x",
      {},
      { type: "float", value: 1 },
      { type: "integer", value: 1 },
      { type: "integer", value: "x" },
      { type: "integer", value: "9007199254740993" },
      { type: "text", value: 7 },
      { type: "blob", base64: "*" },
    ].map((value) => [`the cell ${JSON.stringify(value)}`, cell(value)] as const),
  ])("to a read with %s is malformed", async (_, body) => {
    await expect(execute("read", body)).rejects.toMatchObject({ reason: "malformed", outcome: "none" });
  });

  it.each([
    ["SQLITE_BUSY", "busy"],
    ["SQLITE_LOCKED", "busy"],
    ["SQLITE_ERROR", "rejected"],
    ["SQLITE_TOOBIG", "answer_too_large"],
  ])("to a read with the error %s is %s", async (code, reason) => {
    const failed = { results: [error(code), closed] };
    const detail = expect.stringMatching(`^${code}\\b`);
    await expect(execute("read", failed)).rejects.toMatchObject({ reason, outcome: "none", detail });
  });

  it.each<readonly [string, unknown]>([
    ["a skipped COMMIT", batchOf([DONE, DONE, null, DONE])],
    ["a skipped statement", batchOf([DONE, null, null, null])],
    ["a result without rows", batchOf([DONE, {}, DONE, null])],
    ["another request's result", closed],
  ])("to a write with %s leaves the outcome unknown", async (_, batch) => {
    const body = { results: [ok({ type: "store_sql" }), batch, closed] };
    await expect(execute("write", body)).rejects.toMatchObject({ reason: "malformed", outcome: "unknown" });
  });

  it("to a write with an error of a statement says that nothing was applied", async () => {
    const failed = batchOf([DONE, null, null, DONE], [null, { message: "m", code: "SQLITE_ERROR" }, null, null]);
    await expect(execute("write", { results: [ok({ type: "store_sql" }), failed, closed] })).rejects.toMatchObject({
      reason: "rejected",
      outcome: "none",
    });
  });

  it.each([
    [302, "no_database"],
    [429, "busy"],
    [502, "status"],
  ])("with status %i is not read, even if its JSON body has a code", async (status, reason) => {
    const run = remoteExecute(
      { url: "https://db.example" },
      async () => await Promise.resolve(Response.json({ message: "m", code: "SQLITE_BUSY" }, { status })),
    );
    const expected = { reason, detail: expect.stringMatching(`^HTTP ${status}\\b`) };
    await expect(run([statement], "read", NEVER)).rejects.toMatchObject({ ...expected, outcome: "none" });
    await expect(run([statement], "write", NEVER)).rejects.toMatchObject({ ...expected, outcome: "unknown" });
  });
});
