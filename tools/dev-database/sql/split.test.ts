import { expect, test } from "vitest";
import { splitStatements } from "./split.ts";

test.each<[string, string[]]>([
  ["", []],
  [" ; ;; -- nothing\n", []],
  ["SELECT 1", ["SELECT 1"]],
  ["SELECT 1; SELECT ';' ;", ["SELECT 1", "SELECT ';'"]],
  ["/* a;b */ SELECT 1; -- c;d", ["SELECT 1"]],
  ["BEGIN; COMMIT; END", ["BEGIN", "COMMIT", "END"]],
])("%j", (sql, expected) => {
  expect(splitStatements(sql)).toEqual(expected);
});

const BODY = "AFTER INSERT ON t BEGIN UPDATE t SET a = CASE WHEN 1 THEN 2 END; DELETE FROM u; END";

test.each([
  `CREATE TRIGGER x ${BODY}`,
  `CREATE TEMP TRIGGER x ${BODY}`,
  `create temporary trigger x ${BODY}`,
  `EXPLAIN CREATE TRIGGER x ${BODY}`,
  `EXPLAIN QUERY PLAN CREATE TEMP TRIGGER x ${BODY}`,
])("the body of a trigger stays whole: %s", (trigger) => {
  expect(splitStatements(`${trigger}; SELECT 1;`)).toEqual([trigger, "SELECT 1"]);
});
