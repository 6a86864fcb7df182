import { expect, test } from "vitest";
import { tokenize } from "./tokens.ts";

const textsOf = (sql: string): string[] => tokenize(sql).map(({ kind, text }) => `${kind} ${text}`);

test.each<[string, string[]]>([
  ["a -- ? ;\n+/* ? ; */b", ["word a", "symbol +", "word b"]],
  ["/* never ends ?", []],
  ["-- never ends ?", []],
  ["'it''s ?' \"a\"\"?\" `b``?` [c ?]", ["quoted 'it''s ?'", 'quoted "a""?"', "quoted `b``?`", "quoted [c ?]"]],
  ["'never ends ?", ["quoted 'never ends ?"]],
  ["? ?12 :a @b $c #d", ["variable ?", "variable ?12", "variable :a", "variable @b", "variable $c", "variable #d"]],
  ["$a::b(c d)", ["variable $a::b", "symbol (", "word c", "word d", "symbol )"]],
  ["$a::b(c)", ["variable $a::b(c)"]],
  ["a$b größe\u00A0x", ["word a$b", "word größe\u00A0x"]],
  ["x'00ff'", ["word x", "quoted '00ff'"]],
  ["j->>'$.a'", ["word j", "symbol -", "symbol >", "symbol >", "quoted '$.a'"]],
])("%s", (sql, expected) => {
  expect(textsOf(sql)).toEqual(expected);
});

test("every token knows its place", () => {
  const sql = "SELECT  'a;b' /* x */, :name";
  for (const { text, start, end } of tokenize(sql)) {
    expect(sql.slice(start, end)).toBe(text);
  }
});

test("a long literal is no trouble", () => {
  expect(tokenize(`'${"''".repeat(1_000_000)}'`)).toHaveLength(1);
});
