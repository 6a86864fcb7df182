import type { Client } from "@libsql/client/web";
import { expect, test } from "vitest";
import { testDatabase } from "./test-database.fixture.ts";

async function clientWithTable(): Promise<Client> {
  const client = (await testDatabase()).client();
  await client.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b BLOB) STRICT");
  return client;
}

test("stores and returns each type of value", async () => {
  const client = await clientWithTable();
  const bytes = new Uint8Array(256).map((_, index) => index);
  const args = [2n ** 63n - 1n, "größe \"quotes\" and 'more'", bytes];
  const inserted = await client.execute({ sql: "INSERT INTO t VALUES (?, ?, ?)", args });
  expect(inserted).toMatchObject({ rowsAffected: 1, lastInsertRowid: 2n ** 63n - 1n });
  const { rows, columns, columnTypes } = await client.execute("SELECT *, -9223372036854775808, 2.0, NULL, '' FROM t");
  expect(columns.slice(0, 3)).toEqual(["id", "a", "b"]);
  expect(columnTypes.slice(0, 4)).toEqual(["INTEGER", "TEXT", "BLOB", ""]);
  expect(Object.values(rows[0] ?? {})).toEqual([args[0], args[1], bytes.buffer, -(2n ** 63n), 2, null, ""]);
});

test.each([0, 1, 2, 3])("returns a blob of %i bytes, whatever padding its base64 has", async (length) => {
  const client = await clientWithTable();
  const bytes = new Uint8Array(length).fill(255);
  const { rows } = await client.execute({ sql: "SELECT ? AS b", args: [bytes] });
  expect(rows[0]?.["b"]).toEqual(bytes.buffer);
});

test("binds arguments as SQLite numbers the parameters", async () => {
  const client = await clientWithTable();
  const sql = "SELECT ?2, :a, ?1, '?', @b -- ?\n, ?";
  const { rows } = await client.execute({ sql, args: [1n, 2n, 3n, 4n, 5n] });
  expect(Object.values(rows[0] ?? {})).toEqual([2n, 3n, 1n, "?", 4n, 5n]);
});

test("binds named arguments with and without their prefix, each as often as it is named", async () => {
  const client = await clientWithTable();
  const { rows } = await client.execute({
    sql: "SELECT $c, @b, :a, :a AS again",
    args: { ":a": 0n, b: null, $c: "c" },
  });
  expect(Object.values(rows[0] ?? {})).toEqual(["c", null, 0n, 0n]);
});

test("does not keep arguments from the previous run of a statement", async () => {
  const client = await clientWithTable();
  const sql = "SELECT ?, ?";
  await client.execute({ sql, args: [1n, 2n] });
  await expect(client.execute({ sql, args: [3n] })).rejects.toMatchObject({ code: "ARGS_INVALID" });
});

test("runs a batch in one transaction", async () => {
  const client = await clientWithTable();
  const insert = { sql: "INSERT INTO t (a) VALUES (:a) RETURNING id", args: { a: "x" } };
  const [first, again] = await client.batch([insert, "SELECT count(*) AS n FROM t"], "write");
  expect(first).toMatchObject({ rows: [{ id: 1n }], rowsAffected: 1 });
  expect(again?.rows).toMatchObject([{ n: 1n }]);
  const failing = client.batch(["INSERT INTO t (a) VALUES ('y')", insert, "INSERT INTO t (a) VALUES ('z')"], "write");
  await expect(failing).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT", statementIndex: 1 });
  const [read] = await client.batch(["SELECT a FROM t"], "read");
  expect(read?.rows).toMatchObject([{ a: "x" }]);
});

test("counts in a batch what the previous statement changed", async () => {
  const client = await clientWithTable();
  const results = await client.batch(
    [
      { sql: "INSERT INTO t (a) SELECT 'n' || value FROM json_each(?)", args: ["[1,2,3]"] },
      "SELECT changes() AS n",
      { sql: "INSERT INTO t (a) SELECT 'x' WHERE changes() = ?", args: [4n] },
      "SELECT changes() AS n",
    ],
    "write",
  );
  expect(results.map(({ rowsAffected, rows }) => rows[0]?.["n"] ?? rowsAffected)).toEqual([3, 3n, 0, 0n]);
});

test.each([
  ["INSERT INTO t (a) SELECT 'n' || value FROM json_each('[1,2,3]') RETURNING a", 3],
  ["UPDATE t SET a = a || '!' RETURNING a", 150],
  ["WITH s AS (SELECT 7 AS id) DELETE FROM t WHERE id IN (SELECT id FROM s) RETURNING id", 1],
  ["DELETE FROM t WHERE id < 0 RETURNING id", 0],
  ["INSERT INTO t (id, a) VALUES (7, 'x') ON CONFLICT (id) DO NOTHING RETURNING a", 0],
])("returns and counts the changed rows: %s", async (sql, count) => {
  const client = await clientWithTable();
  const numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)";
  await client.execute(`${numbers} INSERT INTO t SELECT i, 'a' || i, NULL FROM n`);
  const { rows, rowsAffected } = await client.execute(sql);
  expect([rows.length, rowsAffected]).toEqual([count, count]);
});

test.each([
  ["CREATE TABLE u (a)", 0, undefined],
  ["SELECT 1", 0, undefined],
  ["UPDATE t SET a = 'y'", 1, undefined],
  ["REPLACE INTO t (id, a) VALUES (9007199254740993, 'z')", 1, 9_007_199_254_740_993n],
])("reports the row ID of an insert only: %s", async (sql, rowsAffected, lastInsertRowid) => {
  const client = await clientWithTable();
  await client.execute("INSERT INTO t (a) VALUES ('x')");
  expect(await client.execute(sql)).toMatchObject({ rowsAffected, lastInsertRowid });
});

test("isolates interactive transactions", async () => {
  const client = await clientWithTable();
  const kept = await client.transaction("write");
  await kept.execute("INSERT INTO t (a) VALUES ('kept')");
  const dropped = await client.transaction("write");
  const waiting = dropped.batch(["INSERT INTO t (a) VALUES ('dropped')", "SELECT 1"]);
  expect((await client.execute("SELECT a FROM t")).rows).toEqual([]);
  await kept.execute("INSERT INTO t (a) VALUES ('too')");
  await kept.commit();
  await waiting;
  await dropped.rollback();
  const closed = await client.transaction("read");
  expect((await closed.execute("SELECT a FROM t ORDER BY a")).rows).toMatchObject([{ a: "kept" }, { a: "too" }]);
  closed.close();
});

test("replaces stored SQL texts in a transaction with more texts than the client keeps", async () => {
  const client = await clientWithTable();
  const transaction = await client.transaction("write");
  for (const number of [...Array.from({ length: 40 }).keys(), 0]) {
    const [result] = await transaction.batch([`SELECT ${number} AS n`]);
    expect(result?.rows).toMatchObject([{ n: BigInt(number) }]);
  }
  transaction.close();
});

test("migrates with foreign keys off, and they are on afterwards", async () => {
  const client = await clientWithTable();
  await client.migrate(["CREATE TABLE u (t INTEGER REFERENCES t (id))", "INSERT INTO u VALUES (99)"]);
  await expect(client.execute("INSERT INTO u VALUES (100)")).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT" });
});

test("keeps the settings of a stream out of other streams", async () => {
  const client = await clientWithTable();
  await client.executeMultiple("PRAGMA foreign_keys = OFF; CREATE TEMP TABLE hidden (a)");
  await client.execute("PRAGMA foreign_keys = OFF");
  expect((await client.execute("PRAGMA foreign_keys")).rows).toMatchObject([{ foreign_keys: 1n }]);
  await expect(client.execute("SELECT * FROM hidden")).rejects.toMatchObject({ code: "SQLITE_ERROR" });
});

test("runs several statements up to the first that fails", async () => {
  const client = await clientWithTable();
  const trigger = "CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET a = a || ';'; SELECT 1; END";
  const failing = client.executeMultiple(`${trigger};\n-- ;\nINSERT INTO t (a) VALUES ('x'); SELEC; DELETE FROM t;`);
  await expect(failing).rejects.toMatchObject({ code: "SQLITE_ERROR" });
  expect((await client.execute("SELECT a FROM t")).rows).toMatchObject([{ a: "x;" }]);
  await client.executeMultiple("DELETE FROM t; ; DROP TABLE t");
  await expect(client.execute("SELECT a FROM t")).rejects.toMatchObject({ message: /no such table: t/u });
});

test.each([
  ["INSERT INTO t (a) VALUES ('x'), ('x')", "SQLITE_CONSTRAINT", /UNIQUE constraint failed: t\.a/u],
  ["SELECT * FROM missing", "SQLITE_ERROR", /no such table: missing/u],
  ["SELEC 1", "SQLITE_ERROR", /syntax error/u],
  ["SELECT abs(-9223372036854775808)", "SQLITE_ERROR", /integer overflow/u],
  ["SELECT ?", "ARGS_INVALID", /parameter 1/u],
  ["", "SQL_NO_STATEMENT", /no statement/u],
  ["SELECT 1; SELECT 2", "SQL_MANY_STATEMENTS", /more than one/u],
  ["ATTACH 'other.db' AS other", "BLOCKED", /one file only/u],
  ["/* */ VACUUM main INTO 'copy.db'", "BLOCKED", /one file only/u],
])("reports why %s fails", async (sql, code, message) => {
  const client = await clientWithTable();
  await expect(client.execute(sql)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test("refuses a sequence that opens another file", async () => {
  const client = await clientWithTable();
  const sequence = client.executeMultiple("SELECT 1; ATTACH 'other.db' AS other");
  await expect(sequence).rejects.toMatchObject({ code: "BLOCKED" });
});

test("returns columns by the current schema", async () => {
  const client = await clientWithTable();
  const columns = async (reader: Pick<Client, "execute"> = client): Promise<string[]> =>
    (await reader.execute("SELECT * FROM t")).columns;
  expect(await columns()).toEqual(["id", "a", "b"]);
  const undone = await client.transaction("write");
  await undone.execute("ALTER TABLE t RENAME a TO c");
  expect([await columns(), await columns(undone)]).toEqual([
    ["id", "a", "b"],
    ["id", "c", "b"],
  ]);
  await undone.rollback();
  expect(await columns()).toEqual(["id", "a", "b"]);
  await client.execute("ALTER TABLE t RENAME a TO d");
  expect(await columns()).toEqual(["id", "d", "b"]);
});
