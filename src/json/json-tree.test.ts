import fc from "fast-check";
import { type Node, parseTree } from "jsonc-parser";
import { expect, test } from "vitest";
import { type JsonNode, jsonTree } from "./json-tree.ts";

/** The tree of another reader, in our words: it keeps values of all kinds. */
function inOurWords({ type, offset, length, value, children }: Node): JsonNode {
  return {
    type,
    offset,
    length,
    ...(type === "string" && { value: String(value) }),
    ...(children && { children: children.map(inOurWords) }),
  };
}

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

/** JSON with white space wherever it may be, and strings spelled with escapes. */
const { json } = fc.letrec<{ json: string; text: string }>((tie) => ({
  text: fc.oneof(
    fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
    fc.stringMatching(/^(?:[a:,"[\]{}]|\\){0,8}$/).map((text) => JSON.stringify(text)),
    fc.stringMatching(/^"(?:a|\\u00[46][1-9]|\\["\\/bfnrt]|\\ud83d\\ude00|\\ud800){0,6}"$/),
  ),
  json: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("true", "false", "null", "0", "-0", "-1.5e+3", "12E-7", "9007199254740993"),
    tie("text"),
    fc
      .tuple(space, fc.array(fc.tuple(space, tie("json"), space).map((parts) => parts.join(""))))
      .map(([gap, list]) => `[${list.length === 0 ? gap : list.join(",")}]`),
    fc
      .tuple(
        space,
        fc.array(
          fc
            .tuple(space, tie("text"), space, space, tie("json"), space)
            .map(([a, name, b, c, value, d]) => `${a}${name}${b}:${c}${value}${d}`),
        ),
      )
      .map(([gap, list]) => `{${list.length === 0 ? gap : list.join(",")}}`),
  ),
}));

test("jsonTree finds the values where another reader finds them, and the same names and strings", () => {
  fc.assert(
    fc.property(space, json, space, (before, text, after) => {
      const whole = before + text + after;
      expect(jsonTree(whole)).toEqual(inOurWords(parseTree(whole)!));
    }),
    { numRuns: 300 },
  );
});

test("jsonTree comes to an end whatever the text", () => {
  for (const text of ["", "{", "[1,", '{"a"', '{"a":', '"', '"\\', "]", "[}", "{1:2", "nul", "[[[[", '{"a":{"b":["'])
    expect(() => jsonTree(text), text).not.toThrow(RangeError);
});
