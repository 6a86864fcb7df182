import { expect, test } from "vitest";
import { parametersOf } from "./parameters.ts";
import { tokenize } from "./tokens.ts";

test.each<[string, (string | null)[]]>([
  ["SELECT 1", []],
  ["SELECT ?, ?", [null, null]],
  ["SELECT :a, @a, $a, :a", [":a", "@a", "$a"]],
  ["SELECT ?3, ?", [null, null, "?3", null]],
  ["SELECT ?2, :a, ?1, ?2", ["?1", "?2", ":a"]],
  ["SELECT :a, ?1", [":a"]],
  ["SELECT ?, ?1", ["?1"]],
  ["SELECT '?', \":a\", [?], `?`, a$b -- ?\n /* :c */", []],
  ["SELECT ?0, ?99999", []],
])("%s", (sql, names) => {
  expect(parametersOf(tokenize(sql))).toEqual(names);
});
