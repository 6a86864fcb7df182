import { expect, test } from "vitest";
import { CLOSE, executeRequest, temporaryDatabase } from "./temporary.ts";

const READS = { is_explain: false, is_readonly: true };
const WRITES = { is_explain: false, is_readonly: false };
const EXPLAIN_COLUMNS = ["addr", "opcode", "p1", "p2", "p3", "p4", "p5", "comment"];

test.each([
  ["SELECT a, :x + ? FROM t WHERE id = ?5", [":x", null, null, null, "?5"], ["a", ":x + ?"], READS],
  ["INSERT INTO t (a) VALUES (@a) RETURNING id", ["@a"], ["id"], WRITES],
  ["UPDATE t SET a = $a", ["$a"], [], WRITES],
  ["CREATE TABLE u (a)", [], [], WRITES],
  ["BEGIN", [], [], READS],
  ["BEGIN IMMEDIATE", [], [], WRITES],
  ["BEGIN TRANSACTION READONLY", [], [], READS],
  ["COMMIT", [], [], READS],
  ["PRAGMA user_version", [], ["user_version"], READS],
  ["PRAGMA user_version = 3", [], [], WRITES],
  ["EXPLAIN QUERY PLAN SELECT :a", [":a"], ["id", "parent", "notused", "detail"], { ...READS, is_explain: true }],
  ["/* */ explain DELETE FROM t", [], EXPLAIN_COLUMNS, { ...WRITES, is_explain: true }],
])("%s", async (sql, params, cols, kind) => {
  const database = await temporaryDatabase();
  const create = executeRequest("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)");
  const count = executeRequest("SELECT count(*) FROM sqlite_schema");
  const answer = await database.pipeline([create, { type: "describe", sql }, count, CLOSE]);
  const result = {
    params: params.map((name) => ({ name })),
    cols: cols.map((name) => expect.objectContaining({ name })),
    ...kind,
  };
  expect(answer.results[1]).toEqual({ type: "ok", response: { type: "describe", result } });
  expect(answer.results[2]).toMatchObject({ response: { result: { rows: [[{ value: "1" }]] } } });
});

test("what SQLite can't compile can't be described", async () => {
  const database = await temporaryDatabase();
  const answer = await database.pipeline([{ type: "describe", sql: "SELECT * FROM nowhere" }, CLOSE]);
  expect(answer.results[0]).toMatchObject({ type: "error", error: { code: "SQLITE_ERROR" } });
});
