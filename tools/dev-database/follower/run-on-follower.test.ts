import { expect, test } from "vitest";
import { CLOSE, postPipeline } from "../test-database.fixture.ts";
import { lastRow, primaryAndFollower, runBatch } from "./test-follower.fixture.ts";

const INSERT = "INSERT INTO t DEFAULT VALUES";
const COUNT = "SELECT count(*) FROM t";
const counted = (value: string) => ({ rows: [[{ value }]] });

/** A follower that has not applied the only row of its primary. */
async function behind() {
  const parts = await primaryAndFollower({ busyTimeoutMs: 40 });
  await parts.follower.pause();
  await parts.write.execute(INSERT);
  return parts;
}

test.each([
  { program: [COUNT], at: 0 },
  { program: ["BEGIN IMMEDIATE", COUNT, "COMMIT"], at: 1 },
  { program: ["BEGIN DEFERRED", COUNT, "COMMIT"], at: 1 },
  { program: ["PRAGMA table_info(t)", COUNT], at: 1 },
  { program: ["SELECT 'x; DELETE FROM t' AS \"INSERT\"", COUNT], at: 1 },
])("runs $program itself, on its own state", async ({ program, at }) => {
  const { follower } = await behind();
  expect((await runBatch(follower.url, program))[at]).toMatchObject(counted("0"));
});

test.each([
  { program: ["BEGIN DEFERRED", "PRAGMA user_version", COUNT, "COMMIT"], at: 2 },
  { program: [COUNT, "DELETE FROM t WHERE a = 9"], at: 0 },
  { program: [COUNT, "CREATE TABLE u (a)"], at: 0 },
  { program: [COUNT, "WITH x AS (SELECT 9) UPDATE t SET b = 'x' WHERE a IN x"], at: 0 },
  { program: ["SAVEPOINT s", COUNT, "RELEASE s"], at: 1 },
])("has $program run by its primary", async ({ program, at }) => {
  const { follower } = await behind();
  expect((await runBatch(follower.url, program))[at]).toMatchObject(counted("1"));
});

test("passes the results of forwarded writes back", async () => {
  const { follower, write } = await behind();
  const [insert, update, returned, changes] = await runBatch(follower.url, [
    "INSERT INTO t (b) VALUES ('x'), ('y')",
    "UPDATE t SET b = b || '!' WHERE b IS NOT NULL",
    "DELETE FROM t WHERE b = 'x!' RETURNING a, b",
    "SELECT changes()",
  ]);
  expect([insert?.affected, update?.affected, returned?.affected]).toEqual([2, 2, 1]);
  expect(returned?.rows).toEqual([
    [
      { type: "integer", value: "2" },
      { type: "text", value: "x!" },
    ],
  ]);
  expect(changes?.rows).toEqual([[{ type: "integer", value: "1" }]]);
  expect((await write.execute("SELECT a, b FROM t")).rows).toMatchObject([
    { a: 1n, b: null },
    { a: 3n, b: "y!" },
  ]);
});

test("reports every error of its primary as PROXY_ERROR, step by step", async () => {
  const { follower, write } = await behind();
  await write.execute("INSERT INTO t (b) VALUES ('x')");
  const [first, second, third] = await runBatch(follower.url, [
    INSERT,
    "INSERT INTO t (b) VALUES ('x')",
    "INSERT INTO missing VALUES (1)",
  ]);
  expect(first?.affected).toBe(1);
  expect(second?.error).toEqual({
    code: "PROXY_ERROR",
    message: "error executing a request on the primary: SQLite error: UNIQUE constraint failed: t.b",
  });
  expect(third?.error).toMatchObject({ code: "PROXY_ERROR", message: expect.stringContaining("no such table") });
});

test("reports a lock at its primary as PROXY_ERROR", async () => {
  const { follower, write } = await behind();
  const holder = await write.transaction("write");
  await holder.execute(COUNT);
  const [begin, insert] = await runBatch(follower.url, ["BEGIN IMMEDIATE", INSERT]);
  expect(begin?.error).toMatchObject({ code: "PROXY_ERROR", message: expect.stringContaining("database is locked") });
  expect(insert?.error).toMatchObject({ code: "PROXY_ERROR" });
  await holder.commit();
});

test("reports errors of its own reads under their own codes", async () => {
  const { follower } = await behind();
  const [error] = await runBatch(follower.url, ["SELECT * FROM missing"]);
  expect(error?.error?.code).toBe("SQLITE_ERROR");
});

test("reports a failed request of a stream as PROXY_ERROR, and continues the stream", async () => {
  const { follower } = await behind();
  const execute = (sql: string) => ({ type: "execute", stmt: { sql } });
  const { status, results } = await postPipeline(follower.url, [
    execute("INSERT INTO missing VALUES (1)"),
    execute(`${INSERT} RETURNING a`),
    { type: "sequence", sql: `${INSERT}; ${INSERT}` },
    execute(COUNT),
    CLOSE,
  ]);
  expect(status).toBe(200);
  expect(results).toMatchObject([
    { type: "error", error: { code: "PROXY_ERROR" } },
    { type: "ok", response: { result: counted("2") } },
    { type: "ok" },
    { type: "ok", response: { result: counted("4") } },
    { type: "ok" },
  ]);
});

test("keeps an interactive transaction at its primary", async () => {
  const { follower, write, read } = await behind();
  const transaction = await read.transaction("deferred");
  expect(await transaction.execute(COUNT)).toMatchObject({ rows: [{ "count(*)": 1n }] });
  await transaction.execute(INSERT);
  expect(await transaction.execute(COUNT)).toMatchObject({ rows: [{ "count(*)": 2n }] });
  await transaction.rollback();
  const second = await read.transaction("write");
  await second.execute({ sql: "INSERT INTO t (b) VALUES (?)", args: ["kept"] });
  await second.commit();
  expect((await write.execute("SELECT b FROM t")).rows).toMatchObject([{ b: null }, { b: "kept" }]);
  await follower.resume();
  await expect.poll(() => lastRow(read)).toBe(2n);
});

test("releases the primary's lock when the client closes its stream in a transaction", async () => {
  const { follower, write } = await behind();
  const begin = { type: "execute", stmt: { sql: "BEGIN IMMEDIATE" } };
  const { baton } = await postPipeline(follower.url, [begin, { type: "execute", stmt: { sql: INSERT } }]);
  await expect(write.execute(INSERT)).rejects.toMatchObject({ code: "SQLITE_BUSY" });
  await postPipeline(follower.url, [CLOSE], { baton });
  await expect.poll(async () => await write.execute(INSERT).catch(() => undefined)).toBeDefined();
  expect(await lastRow(write)).toBe(2n);
});
