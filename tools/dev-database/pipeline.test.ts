import { expect, test } from "vitest";
import { CLOSE, executeRequest, temporaryDatabase } from "./temporary.ts";

const int = (value: number): unknown => ({ type: "integer", value: String(value) });
const text = (value: string): unknown => ({ type: "text", value });
const ok = (response: object): unknown => ({ type: "ok", response: expect.objectContaining(response) });
const error = (code: string): unknown => ({ type: "error", error: { code, message: expect.any(String) } });
const TABLE = executeRequest("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE)");

test("a result names its columns, counts changes and gives the row id of an insert", async () => {
  const database = await temporaryDatabase();
  const answer = await database.pipeline([
    TABLE,
    executeRequest("INSERT INTO t VALUES (9007199254740993, 'x'), (?, 'y')", [int(5)]),
    executeRequest("SELECT id, a AS b, 1 + 1 FROM t ORDER BY id"),
    executeRequest("UPDATE t SET a = a || '!'"),
    CLOSE,
  ]);
  const cols = [
    { name: "id", decltype: "INTEGER" },
    { name: "b", decltype: "TEXT" },
    { name: "1 + 1", decltype: null },
  ];
  const rows = [
    [int(5), text("y"), int(2)],
    [{ type: "integer", value: "9007199254740993" }, text("x"), int(2)],
  ];
  const nothing = { cols: [], rows: [], affected_row_count: 0, last_insert_rowid: null };
  expect(answer.results).toEqual([
    ok({ result: nothing }),
    ok({ result: { ...nothing, affected_row_count: 2, last_insert_rowid: "5" } }),
    ok({ result: { ...nothing, cols, rows } }),
    ok({ result: { ...nothing, affected_row_count: 2 } }),
    ok({ type: "close" }),
  ]);
  expect(answer.baton).toBeNull();
});

test.each([
  ["INSERT INTO t (a) SELECT 'n' || value FROM json_each('[1,2,3]') RETURNING a", 3, 3],
  ["UPDATE t SET a = a || '!' RETURNING a", 150, 150],
  ["WITH s AS (SELECT 7 AS id) DELETE FROM t WHERE id IN (SELECT id FROM s) RETURNING id", 1, 1],
  ["DELETE FROM t WHERE id < 0 RETURNING id", 0, 0],
  ["INSERT INTO t (id, a) VALUES (7, 'x') ON CONFLICT (id) DO NOTHING RETURNING a", 0, 0],
])("%s gives its rows and counts them", async (sql, rows, changes) => {
  const database = await temporaryDatabase();
  const numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150) ";
  const fill = executeRequest(`${numbers} INSERT INTO t SELECT i, 'a' || i FROM n`);
  const answer = await database.pipeline([TABLE, fill, executeRequest(sql), CLOSE]);
  const result = expect.objectContaining({ affected_row_count: changes, rows: expect.toSatisfy(hasLength(rows)) });
  expect(answer.results[2]).toEqual(ok({ result }));
});

function hasLength(length: number): (rows: unknown) => boolean {
  return (rows) => Array.isArray(rows) && rows.length === length;
}

test("rows that nobody wants stay at home", async () => {
  const database = await temporaryDatabase();
  const answer = await database.pipeline([{ type: "execute", stmt: { sql: "SELECT 1 AS one", want_rows: false } }]);
  const cols = [{ name: "one", decltype: null }];
  expect(answer.results).toEqual([ok({ result: expect.objectContaining({ cols, rows: [] }) })]);
});

test.each([
  ["INSERT INTO t VALUES (1, 'x'), (2, 'x')", "SQLITE_CONSTRAINT"],
  ["SELECT * FROM nowhere", "SQLITE_ERROR"],
  ["SELEC 1", "SQLITE_ERROR"],
  ["SELECT abs(-9223372036854775808)", "SQLITE_ERROR"],
  ["SELECT ?", "ARGS_INVALID"],
  ["", "SQL_NO_STATEMENT"],
  ["-- nothing", "SQL_NO_STATEMENT"],
  ["SELECT 1; SELECT 2", "SQL_MANY_STATEMENTS"],
  ["ATTACH 'other.db' AS other", "BLOCKED"],
  ["VACUUM main INTO 'copy.db'", "BLOCKED"],
])("%s fails, and what follows runs", async (sql, code) => {
  const database = await temporaryDatabase();
  const answer = await database.pipeline([TABLE, executeRequest(sql), executeRequest("SELECT 1"), CLOSE]);
  expect(answer).toMatchObject({ status: 200, results: [{ type: "ok" }, error(code), { type: "ok" }, { type: "ok" }] });
});

test("an error keeps SQLite's wording", async () => {
  const database = await temporaryDatabase();
  const insert = executeRequest("INSERT INTO t (a) VALUES ('x')");
  const answer = await database.pipeline([TABLE, insert, insert, CLOSE]);
  const message = "SQLite error: UNIQUE constraint failed: t.a";
  expect(answer.results[2]).toEqual({ type: "error", error: { code: "SQLITE_CONSTRAINT", message } });
});

test("arguments find their parameters as SQLite numbers them", async () => {
  const database = await temporaryDatabase();
  const sql = "SELECT ?2, :a, ?1, '?', @b -- ?\n, ?";
  const answer = await database.pipeline([executeRequest(sql, [int(1), int(2), int(3), int(4), int(5)]), CLOSE]);
  const row = [int(2), int(3), int(1), text("?"), int(4), int(5)];
  expect(answer.results[0]).toMatchObject({ response: { result: { rows: [row] } } });
});

test("named arguments come with or without their prefix", async () => {
  const database = await temporaryDatabase();
  const args = [":a", "b", "$c"].map((name, index) => ({ name, value: int(index) }));
  const stmt = { sql: "SELECT $c, @b, :a", named_args: args };
  const answer = await database.pipeline([{ type: "execute", stmt }, CLOSE]);
  expect(answer.results[0]).toMatchObject({ response: { result: { rows: [[int(2), int(1), int(0)]] } } });
});

test("a batch runs the steps whose conditions hold", async () => {
  const database = await temporaryDatabase();
  const step = (sql: string, condition?: unknown): unknown => ({ stmt: { sql }, condition });
  const steps = [
    step("BEGIN"),
    step("SELECT 1", { type: "not", cond: { type: "is_autocommit" } }),
    step("SELEC 2", { type: "ok", step: 1 }),
    step("COMMIT", { type: "ok", step: 2 }),
    step("ROLLBACK", {
      type: "and",
      conds: [
        { type: "error", step: 2 },
        { type: "not", cond: { type: "ok", step: 3 } },
      ],
    }),
    step("SELECT 5", { type: "is_autocommit" }),
  ];
  const answer = await database.pipeline([{ type: "batch", batch: { steps } }, CLOSE], { version: 3 });
  const ran = expect.objectContaining({ affected_row_count: 0 });
  const failed = { code: "SQLITE_ERROR", message: 'SQLite error: near "SELEC": syntax error' };
  const result = {
    step_results: [ran, ran, null, null, ran, ran],
    step_errors: [null, null, failed, null, null, null],
  };
  expect(answer.results[0]).toEqual(ok({ type: "batch", result }));
});

test("a sequence runs statement after statement and stops at the first error", async () => {
  const database = await temporaryDatabase();
  const trigger = "CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET a = a || ';'; SELECT 1; END";
  const sql = `CREATE TABLE t (a); ${trigger};\n-- ;\nINSERT INTO t VALUES ('x'); SELEC; DELETE FROM t;`;
  const answer = await database.pipeline([{ type: "sequence", sql }, executeRequest("SELECT a FROM t"), CLOSE]);
  expect(answer.results[0]).toEqual(error("SQLITE_ERROR"));
  expect(answer.results[1]).toMatchObject({ response: { result: { rows: [[text("x;")]] } } });
  const good = await database.pipeline([{ type: "sequence", sql: "DELETE FROM t; ; DROP TABLE t" }, CLOSE]);
  expect(good.results[0]).toEqual({ type: "ok", response: { type: "sequence" } });
});

test("stored SQL texts serve every kind of request until they are closed or the stream is", async () => {
  const database = await temporaryDatabase();
  const store = { type: "store_sql", sql_id: 7, sql: "SELECT 7" };
  const use = { type: "execute", stmt: { sql_id: 7 } };
  const answer = await database.pipeline([use, store, store, use, { type: "describe", sql_id: 7 }]);
  const found = ok({ result: expect.objectContaining({ cols: [{ name: "7", decltype: null }] }) });
  const stored = { type: "ok", response: { type: "store_sql" } };
  expect(answer.results).toEqual([error("SQL_NOT_FOUND"), stored, error("SQL_EXISTS"), found, found]);
  const batch = { type: "batch", batch: { steps: [{ stmt: { sql_id: 7 } }, { stmt: { sql_id: 8 } }] } };
  const later = await database.pipeline(
    [
      { type: "sequence", sql_id: 7 },
      batch,
      { type: "close_sql", sql_id: 7 },
      { type: "close_sql", sql_id: 7 },
      use,
      CLOSE,
    ],
    { baton: answer.baton },
  );
  expect(later.results).toMatchObject([
    { type: "ok" },
    { response: { result: { step_errors: [null, { code: "SQL_NOT_FOUND" }] } } },
    { type: "ok" },
    { type: "ok" },
    error("SQL_NOT_FOUND"),
    { type: "ok" },
  ]);
});

test("get_autocommit tells whether a transaction is open", async () => {
  const database = await temporaryDatabase();
  const ask = { type: "get_autocommit" };
  const requests = [ask, executeRequest("BEGIN"), ask, executeRequest("ROLLBACK"), ask, CLOSE];
  const { results } = await database.pipeline(requests, { version: 3 });
  const says = (answer: boolean): unknown => ok({ type: "get_autocommit", is_autocommit: answer });
  expect([results[0], results[2], results[4]]).toEqual([says(true), says(false), says(true)]);
});

test("a closed stream answers no more", async () => {
  const database = await temporaryDatabase();
  const answer = await database.pipeline([CLOSE, executeRequest("SELECT 1")]);
  expect(answer.results[1]).toEqual(error("STREAM_CLOSED"));
});
