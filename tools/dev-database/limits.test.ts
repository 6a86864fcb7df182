import { createClient } from "@libsql/client/web";
import { describe, expect, test } from "vitest";
import { CLOSE, postPipeline, testDatabase } from "./test-database.fixture.ts";

const text = (length: number) => ({ type: "text", value: "x".repeat(length) });
const blob = (length: number) => ({ type: "blob", base64: Buffer.alloc(length).toString("base64") });
const execute = (sql: string, ...args: unknown[]) => ({ type: "execute", stmt: { sql, args } });
const ok = { type: "ok" };
const failure = (code: string) => ({ type: "error", error: { code } });

async function databaseWithTable() {
  const database = await testDatabase({ busyTimeoutMs: 60_000, batonTtlMs: 60_000 });
  await postPipeline(database.url, [execute("CREATE TABLE t (a, b)"), CLOSE]);
  const run = async (...requests: readonly unknown[]) =>
    (await postPipeline(database.url, [...requests, CLOSE])).results;
  const count = async () => (await database.client().execute("SELECT count(*) FROM t")).rows[0]?.[0];
  return { ...database, run, count };
}

describe("the limits of the libSQL server", () => {
  test.each([
    ["a text of 5 000 000 bytes", [text(5_000_000)], ok],
    ["a longer text", [text(5_000_001)], failure("ARGS_INVALID")],
    ["a longer text of fewer characters", [{ type: "text", value: "ü".repeat(2_500_001) }], failure("ARGS_INVALID")],
    ["a blob of 5 000 000 bytes", [blob(5_000_000)], ok],
    ["a longer blob", [blob(5_000_001)], failure("ARGS_INVALID")],
    ["two texts that are too long together, as no row is stored", [text(3_000_000), text(3_000_000)], ok],
  ])("a read has %s as arguments (Q51)", async (_, args, expected) => {
    const { run } = await databaseWithTable();
    const sql = `SELECT ${args.map(() => "length(?)").join(", ")}`;
    expect(await run(execute(sql, ...args))).toMatchObject([expected, ok]);
  });

  test.each([
    ["an INSERT", "INSERT INTO t VALUES (?, ?)"],
    ["an INSERT that returns a row", "INSERT INTO t VALUES (?, ?) RETURNING 1"],
    ["an UPDATE", "UPDATE t SET a = ?, b = ?"],
  ])("refuses %s of more than 5 000 000 bytes together, and stores nothing (Q51)", async (_, sql) => {
    const { run, count } = await databaseWithTable();
    expect(await run(execute(sql, text(3_000_000), blob(3_000_000)))).toMatchObject([failure("SQLITE_TOOBIG"), ok]);
    expect(await count()).toBe(0n);
    expect(await run(execute(sql, text(2_000_000), blob(2_000_000)))).toMatchObject([ok, ok]);
  });

  test.each([
    [
      "one JSON",
      "SELECT json_group_array(x) FROM (SELECT zeroblob(0) || printf('%.1000c', 'x') AS x FROM n LIMIT 5500)",
    ],
    ["one text", "SELECT printf('%.5000001c', 'x')"],
    ["one blob", "SELECT zeroblob(5000001)"],
    ["one row", "SELECT printf('%.3000000c', 'x'), printf('%.3000000c', 'y')"],
  ])("refuses to read %s of more than 5 000 000 bytes (Q51)", async (_, sql) => {
    const { run } = await databaseWithTable();
    const numbers = numbersTo(6000);
    expect(await run(execute(`${numbers} ${sql}`))).toMatchObject([failure("SQLITE_TOOBIG"), ok]);
  });

  const ROW = "printf('%.1000000c', 'x')";
  test.each([
    ["in one statement", (rows: number) => execute(`${numbersTo(rows)} SELECT ${ROW} FROM n`)],
    [
      "in the steps of one batch",
      (rows: number) => ({
        type: "batch",
        batch: { steps: Array.from({ length: rows }, () => ({ stmt: { sql: `SELECT ${ROW}` } })) },
      }),
    ],
  ])("refuses a response of more than 10 000 000 bytes %s (Q51)", async (_, request) => {
    const { run } = await databaseWithTable();
    expect(await run(request(10))).toMatchObject([ok, ok]);
    expect(await run(request(11))).toMatchObject([failure("RESPONSE_TOO_LARGE"), ok]);
  });

  test("rolls the transaction back whose response is too large (Q51)", async () => {
    const { run, count } = await databaseWithTable();
    const steps = ["BEGIN IMMEDIATE", "INSERT INTO t VALUES (1, 2)", `${numbersTo(11)} SELECT ${ROW} FROM n`, "COMMIT"];
    const batch = { steps: steps.map((sql) => ({ stmt: { sql } })) };
    expect(await run({ type: "batch", batch })).toMatchObject([failure("RESPONSE_TOO_LARGE"), ok]);
    expect(await count()).toBe(0n);
    expect(await run(execute("INSERT INTO t VALUES (1, 2)"))).toMatchObject([ok, ok]);
  });

  test("refuses requests beyond 256 at the same time, and serves the others (Q51)", async () => {
    const { url, count } = await databaseWithTable();
    const client = createClient({ url });
    const holder = await client.transaction("write");
    await holder.execute("INSERT INTO t VALUES (0, 0)");
    let refused = 0;
    const pending = Array.from({ length: 280 }, async () => {
      const { status } = await postPipeline(url, [execute("INSERT INTO t VALUES (1, 2)"), CLOSE]);
      if (status === 429) refused += 1;
    });
    await expect.poll(() => refused, { timeout: 20_000 }).toBe(280 - 256);
    await holder.commit();
    client.close();
    await Promise.all(pending);
    expect(refused).toBe(280 - 256);
    expect(await count()).toBe(257n);
  });
});

function numbersTo(count: number): string {
  return `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ${count})`;
}
