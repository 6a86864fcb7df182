import { expect, test } from "vitest";
import { tokenize } from "./tokens.ts";
import { verbOf } from "./verb.ts";

test.each([
  ["select 1", "SELECT"],
  ["/* INSERT */ Update t SET a = 1", "UPDATE"],
  ["EXPLAIN INSERT INTO t VALUES (1)", "EXPLAIN"],
  ["WITH a AS (SELECT 1) SELECT * FROM a", "SELECT"],
  ["WITH RECURSIVE a(x) AS (SELECT 1), b AS MATERIALIZED (DELETE) INSERT INTO t SELECT * FROM a", "INSERT"],
  ["WITH replace(x) AS (VALUES (1)) DELETE FROM t", "DELETE"],
  ["(SELECT 1)", "("],
  ["", ""],
])("%s: %s", (sql, verb) => {
  expect(verbOf(tokenize(sql))).toBe(verb);
});
