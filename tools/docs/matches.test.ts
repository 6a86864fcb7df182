import { expect, it } from "vitest";
import { matches } from "./matches.ts";

it.each([
  ["a", " a\n", true],
  ["a", "ab", false],
  ["", "", true],
  ["…", "", true],
  ["a…", "a\nb", true],
  ["…c", "abc", true],
  ["a…b…c", "a b b c", true],
  ["a…a", "a", false],
  ["a…b…c", "a c b", false],
  [".…*", "a…*", false],
])("compares %j with the output %j: %s", (expected, output, result) => {
  expect(matches(expected, output)).toBe(result);
});
