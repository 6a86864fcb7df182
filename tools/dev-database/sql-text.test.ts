import { expect, test } from "vitest";
import { isRead, parseSqlText, type SqlText } from "./sql-text.ts";

test.each<[string, string[]]>([
  ["SELECT 1", []],
  ["SELECT ?, ?", ["", ""]],
  ["SELECT :a, @a, $a, :a", [":a", "@a", "$a"]],
  ["SELECT ?3, ?", ["", "", "", ""]],
  ["SELECT ?2, :a, ?1, ?2", ["", "", ":a"]],
  ["SELECT :a, ?1", [":a"]],
  ["SELECT '?''?', \":a\"\"?\", [?], `?`, a$b, größe$c -- ?\n /* :c */", []],
  ["SELECT j->>'$.a', :größe /* never ends ?", [":größe"]],
  ["SELECT ?0, 'never ends ?", []],
])("finds the parameters of %s", (sql, parameters) => {
  expect(parseSqlText(sql).parameters).toEqual(parameters);
});

const BODY = "AFTER INSERT ON t BEGIN UPDATE t SET a = CASE WHEN 1 THEN 2 END; DELETE FROM u; END";

test.each(["SELECT ';' ; -- ;", `CREATE TRIGGER x ${BODY};`, `create temporary trigger x ${BODY}`])(
  "finds one statement in %s",
  (sql) => {
    expect(() => parseSqlText(sql)).not.toThrow();
  },
);

test.each<[string, Partial<SqlText>]>([
  ["/* INSERT */ Update t SET a = 1", { changesRows: true, insertsRows: false, leavesNoTrace: true }],
  ["WITH a AS (SELECT 1) SELECT replace(x, 'DELETE', 1) FROM a", { changesRows: false, leavesNoTrace: true }],
  ["WITH replace(x) AS (VALUES (1)) DELETE FROM t", { changesRows: true, insertsRows: false, leavesNoTrace: true }],
  ["WITH a AS (SELECT 1)\nINSERT INTO t SELECT * FROM a", { changesRows: true, insertsRows: true }],
  ["CREATE TABLE t AS SELECT 1", { changesRows: false, leavesNoTrace: false }],
  ["PRAGMA foreign_keys = OFF", { changesRows: false, leavesNoTrace: false }],
  ["EXPLAIN INSERT INTO t VALUES (1)", { changesRows: false, leavesNoTrace: false }],
  ["begin immediate", { isTransactionControl: true, leavesNoTrace: true }],
])("classifies %s", (sql, expected) => {
  expect(parseSqlText(sql)).toMatchObject(expected);
});

test("reads long literals", () => {
  expect(parseSqlText(`SELECT '${"''".repeat(1_000_000)}'`).parameters).toEqual([]);
});

test.each([
  "SELECT 1",
  "select 'x; DELETE FROM t' AS \"INSERT\" -- ; DROP TABLE t",
  "VALUES (1)",
  "WITH x AS (SELECT 1) SELECT replace(a, 'b', 'c') FROM x",
  "BEGIN IMMEDIATE",
  "COMMIT; END",
  "ROLLBACK;",
  "PRAGMA table_info(t)",
  "PRAGMA main.index_list('t'); SELECT 1; ",
  "",
])("takes %j for a read", (sql) => {
  expect(isRead(sql)).toBe(true);
});

test.each([
  "INSERT INTO t VALUES (1)",
  "REPLACE INTO t VALUES (1)",
  "UPDATE t SET a = 1 RETURNING a",
  "WITH x AS (SELECT 1) DELETE FROM t WHERE a IN x",
  "CREATE TEMP TABLE u (a)",
  "DROP TABLE t",
  "VACUUM",
  "PRAGMA user_version",
  "PRAGMA user_version = 1",
  "PRAGMA schema_version",
  "PRAGMA table_information",
  "SAVEPOINT s",
  "RELEASE s",
  "ROLLBACK TRANSACTION TO s",
  "EXPLAIN SELECT 1",
  "SELECT 1; DELETE FROM t",
  "/* SELECT */ DELETE FROM t",
  "selection",
])("takes %j for a write", (sql) => {
  expect(isRead(sql)).toBe(false);
});
