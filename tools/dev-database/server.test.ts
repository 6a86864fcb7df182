import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { createClient } from "@libsql/client/web";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../dev/temporary-folder.fixture.ts";
import type { BatchStep, Condition } from "./hrana.ts";
import { startDevDatabase } from "./server.ts";
import { CLOSE, postPipeline, testDatabase } from "./test-database.fixture.ts";

const execute = (sql: string, ...args: unknown[]): unknown => ({ type: "execute", stmt: { sql, args } });
const SELECT = [execute("SELECT 1"), CLOSE];

test.each([
  ["GET", "/v2/pipeline"],
  ["POST", "/"],
  ["POST", "/v3/cursor"],
  ["POST", "/v3-protobuf/pipeline"],
])("does not serve %s %s", async (method, path) => {
  const { url } = await testDatabase();
  const response = await fetch(`${url}${path}`, { method });
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toMatchObject({ code: "NOT_FOUND" });
});

test.each(["", "malformed", "null", "[]", '{"requests":1}', '{"requests":[{"type":"vacuum"}]}'])(
  "refuses the body %j",
  async (body) => {
    const { url } = await testDatabase();
    const response = await fetch(`${url}/v2/pipeline`, { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "MALFORMED_REQUEST" });
  },
);

test.each([
  { type: "integer", value: 1 },
  { type: "integer", value: "1.5" },
  { type: "integer", value: "9223372036854775808" },
  { type: "integer", value: "-9223372036854775809" },
  { type: "float", value: "1" },
  { type: "text", value: null },
  { type: "text", value: "\uD800" },
  { type: "blob", base64: "?" },
  { type: "blob", base64: "AAAAA" },
  { type: "boolean", value: true },
  {},
])("refuses the argument %j", async (value) => {
  const { url } = await testDatabase();
  const refused = await postPipeline(url, [execute("SELECT ?", value), CLOSE]);
  expect(refused).toMatchObject({ status: 400, code: "MALFORMED_REQUEST" });
});

test.each([
  ["AP8=", "AP8"],
  ["AP8", "AP8"],
])("reads the blob %s and returns it as %s", async (base64, returned) => {
  const { url } = await testDatabase();
  const { results } = await postPipeline(url, [execute("SELECT ?", { type: "blob", base64 }), CLOSE]);
  expect(results[0]).toMatchObject({ response: { result: { rows: [[{ type: "blob", base64: returned }]] } } });
});

test("serves only the bearer of the token", async () => {
  const { url } = await testDatabase({ authToken: "right" });
  for (const authorization of ["Bearer wrong", "Bearer rightt", "Bearer ", "right", "bearer right"]) {
    expect(await postPipeline(url, SELECT, { headers: { authorization } })).toMatchObject({ status: 401 });
  }
  const client = createClient({ url });
  onTestFinished(() => client.close());
  await expect(client.execute("SELECT 1")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  const headers = { authorization: "Bearer right" };
  expect(await postPipeline(url, SELECT, { headers })).toMatchObject({ status: 200 });
});

test("does not serve web pages", async () => {
  const { url } = await testDatabase();
  const headers = { origin: "https://example.org" };
  expect(await postPipeline(url, SELECT, { headers })).toMatchObject({ status: 403, code: "ORIGIN_REFUSED" });
});

const ok = (step: number): Condition => ({ type: "ok", step });
const error = (step: number): Condition => ({ type: "error", step });
const not = (cond: Condition): Condition => ({ type: "not", cond });

test.each<[Condition, boolean]>([
  [ok(0), true],
  [ok(1), false],
  [ok(2), false],
  [error(0), false],
  [error(1), true],
  [error(2), false],
  [not(ok(0)), false],
  [not(ok(2)), true],
  [{ type: "and", conds: [] }, true],
  [{ type: "and", conds: [ok(0), error(1)] }, true],
  [{ type: "and", conds: [ok(0), ok(1)] }, false],
  [{ type: "or", conds: [] }, false],
  [{ type: "or", conds: [ok(1), error(1)] }, true],
  [{ type: "or", conds: [ok(1), ok(2)] }, false],
  [{ type: "is_autocommit" }, false],
  [not({ type: "is_autocommit" }), true],
])("evaluates %j after a step that succeeds, one that fails and one that is skipped", async (condition, expected) => {
  const { url } = await testDatabase();
  const skip = ok(1);
  const steps: BatchStep[] = [
    { stmt: { sql: "BEGIN" } },
    { stmt: { sql: "SELEC" } },
    { stmt: { sql: "SELECT 2" }, condition: skip },
    { stmt: { sql: "SELECT 3" }, condition },
  ];
  const { results } = await postPipeline(url, [{ type: "batch", batch: { steps } }, CLOSE], { version: 3 });
  const ran = expect.objectContaining({ affected_row_count: 0 });
  expect(results[0]).toMatchObject({
    response: {
      result: {
        step_results: [ran, null, null, expected ? ran : null],
        step_errors: [null, { code: "SQLITE_ERROR" }, null, null],
      },
    },
  });
});

test.each([{ type: "is_autocommit" }, { type: "xor", conds: [] }])(
  "refuses the condition %j in version 2",
  async (condition) => {
    const { url } = await testDatabase();
    const steps = [{ stmt: { sql: "SELECT 1" }, condition }];
    const refused = await postPipeline(url, [{ type: "batch", batch: { steps } }, CLOSE]);
    expect(refused).toMatchObject({ status: 400, code: "MALFORMED_REQUEST" });
  },
);

test("answers the requests after one that failed, and none after close", async () => {
  const { url } = await testDatabase();
  const { results } = await postPipeline(url, [execute("SELEC"), ...SELECT, execute("SELECT 2")]);
  expect(results).toMatchObject([
    { type: "error", error: { code: "SQLITE_ERROR", message: 'SQLite error: near "SELEC": syntax error' } },
    { type: "ok" },
    { type: "ok" },
    { type: "error", error: { code: "STREAM_CLOSED" } },
  ]);
});

test("forgets a stored SQL text when the client closes it", async () => {
  const { url } = await testDatabase();
  const use = { type: "execute", stmt: { sql_id: 7, want_rows: false } };
  const requests = [use, { type: "store_sql", sql_id: 7, sql: "SELECT 7" }, use, { type: "close_sql", sql_id: 7 }, use];
  const { results } = await postPipeline(url, [...requests, CLOSE]);
  const missing = { type: "error", error: { code: "SQL_NOT_FOUND" } };
  const cols = [{ name: "7", decltype: null }];
  expect(results).toMatchObject([
    missing,
    { type: "ok" },
    { response: { result: { cols, rows: [] } } },
    { type: "ok" },
    missing,
    { type: "ok" },
  ]);
});

test("keeps rows after a restart", async () => {
  const first = await testDatabase();
  await first.client().executeMultiple("CREATE TABLE t (a); INSERT INTO t VALUES ('kept')");
  await first.close();
  const second = await testDatabase({ file: first.file });
  expect((await second.client().execute("SELECT a FROM t")).rows).toMatchObject([{ a: "kept" }]);
});

test("reports a port in use with Node's own error", async () => {
  const { port } = await testDatabase();
  await expect(testDatabase({ port })).rejects.toMatchObject({ code: "EADDRINUSE", port });
});

test("refuses a file that cannot be a database", async () => {
  const folder = temporaryFolder();
  const text = join(folder, "text");
  await writeFile(text, "no database ".repeat(100));
  await expect(startDevDatabase({ file: text })).rejects.toThrow("file is not a database");
  await expect(startDevDatabase({ file: join(folder, "missing", "a.db") })).rejects.toThrow("Cannot open the database");
});

test("closes without waiting for a client that stops in the middle of its request", async () => {
  const database = await testDatabase();
  const socket = connect(database.port, "127.0.0.1");
  socket.write("POST /v2/pipeline HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{");
  await postPipeline(database.url, SELECT);
  const closed = once(socket, "close");
  const start = performance.now();
  await database.close();
  await closed;
  expect(performance.now() - start).toBeLessThan(5_000);
});

test("rolls back open streams and ends waiting requests when it closes", async () => {
  const first = await testDatabase();
  const insert = execute("INSERT INTO t VALUES (1)");
  await postPipeline(first.url, [execute("CREATE TABLE t (a)"), CLOSE]);
  await postPipeline(first.url, [execute("BEGIN IMMEDIATE"), insert]);
  const waiting = postPipeline(first.url, [insert, CLOSE]);
  await postPipeline(first.url, SELECT);
  await Promise.all([first.close(), first.close()]);
  expect(await waiting).toMatchObject({ status: 503, code: "SERVER_CLOSING" });
  await expect(postPipeline(first.url, [])).rejects.toThrow("fetch failed");
  const client = (await testDatabase({ file: first.file })).client();
  await client.execute("INSERT INTO t VALUES (2)");
  expect((await client.execute("SELECT a FROM t")).rows).toMatchObject([{ a: 2n }]);
});

const SERVE = `
  const { startDevDatabase } = await import(process.argv[1]);
  console.log((await startDevDatabase({ file: process.argv[2] })).url);
`;

test("keeps each acknowledged row when it is killed while it writes", async () => {
  const file = join(temporaryFolder(), "test.db");
  const module = new URL("server.ts", import.meta.url).href;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", SERVE, module, file]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line]: unknown[] = await once(child.stdout, "data");
  const url = String(line).trim();
  await postPipeline(url, [execute("CREATE TABLE t (id TEXT PRIMARY KEY)"), CLOSE]);
  const acknowledged: string[] = [];
  const write = async (writer: number): Promise<void> => {
    for (let count = 0; ; count += 1) {
      const value = `${writer}-${count}`;
      const { results } = await postPipeline(url, [
        execute("INSERT INTO t VALUES (?)", { type: "text", value }),
        CLOSE,
      ]);
      expect(results[0]).toMatchObject({ type: "ok" });
      acknowledged.push(value);
      if (acknowledged.length === 40) {
        child.kill("SIGKILL");
      }
    }
  };
  const writers = await Promise.allSettled([0, 1, 2, 3].map(write));
  expect(writers.map((writer) => String(writer.status === "rejected" && writer.reason))).toEqual(
    Array.from({ length: 4 }, () => "TypeError: fetch failed"),
  );
  expect(acknowledged.length).toBeGreaterThanOrEqual(40);
  const client = (await testDatabase({ file })).client();
  const missing = "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM t)";
  expect((await client.execute({ sql: missing, args: [JSON.stringify(acknowledged)] })).rows).toEqual([]);
  expect((await client.execute("PRAGMA integrity_check")).rows).toMatchObject([{ integrity_check: "ok" }]);
});
