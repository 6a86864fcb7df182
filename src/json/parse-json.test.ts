import fc from "fast-check";
import { type Node, parseTree } from "jsonc-parser";
import { describe, expect, test } from "vitest";
import { findJsonFault, type JsonNode, parseJson } from "./parse-json.ts";

const members = (count: number) => Array.from({ length: count }, (_, index) => `"${index}":1`).join(",");
const elements = (count: number) => Array.from({ length: count }, () => "[]").join(",");

/** The fault of a text, which both functions must report. */
function faultOf(text: string, maxValues: number): string | undefined {
  const parsed = parseJson(text, maxValues);
  const fault = findJsonFault(text, maxValues);
  expect(parsed.ok ? undefined : parsed.reason).toBe(fault);
  return fault;
}

describe("parseJson bounds the total number of members and elements", () => {
  test.each([
    ["counts members", `{${members(100)}}`, `{${members(101)}}`],
    ["counts elements", `[${"1,".repeat(99)}1]`, `[${"1,".repeat(100)}1]`],
    ["counts lists, including the outer one", `[${elements(50)}]`, `[${elements(51)}]`],
    [
      "adds members and elements",
      `{"a":{${members(49)}},"b":[${"1,".repeat(48)}1]}`,
      `{"a":{${members(49)}},"b":[${"1,".repeat(49)}1]}`,
    ],
    ["ignores commas in strings", `["${",[{".repeat(200)}"]`, `[${members(101)}]`],
  ])("%s", (_case, accepted, refused) => {
    expect(faultOf(accepted, 100)).toBeUndefined();
    expect(faultOf(refused, 100)).toBe("too-many-values");
  });

  test("reports a bound before a syntax error, and stops at the bound", () => {
    for (const text of [`"a":`.repeat(2_000_000), `,`.repeat(8_000_000), `{"a":1,`.repeat(1_000_000)]) {
      const began = performance.now();
      expect(findJsonFault(text, 100)).toMatch(/^too-/);
      expect(parseJson(text, 100)).toMatchObject({ ok: false, reason: expect.stringMatching(/^too-/) });
      expect(performance.now() - began).toBeLessThan(200);
    }
  });
});

test("parseJson accepts names of up to 2048 characters as written", () => {
  expect(faultOf(`{"${"a".repeat(2048)}":1}`, 100)).toBeUndefined();
  for (const name of ["a".repeat(2049), String.raw`\u0061`.repeat(342)]) {
    expect(faultOf(`{"${name}":1}`, 100)).toBe("name-too-long");
  }
  expect(faultOf(`{"a":"${"b".repeat(3000)}"}`, 100)).toBeUndefined();
});

test.each([
  ["too-many-values", `{"a":1,"a":2,"b":x,"c":[1,1,1,1,1,1,1,1]}`],
  ["too-deep", `x${"[".repeat(33)}`],
  ["name-too-long", `{"a":1,"a":2},,"${"n".repeat(2049)}":`],
  ["not-json", '{"a":1,"a":2}}'],
  ["duplicate-member", '{"a":1,"a":2}'],
])("parseJson reports %s before the faults that come later in the order", (fault, text) => {
  expect(faultOf(text, 10 + (fault === "too-deep" ? 90 : 0))).toBe(fault);
});

/** The tree of jsonc-parser as our nodes. It also keeps the values of numbers and literals. */
function toJsonNode({ type, offset, length, value, children }: Node): JsonNode {
  return {
    type,
    offset,
    length,
    ...(type === "string" && { value: String(value) }),
    ...(children && { children: children.map(toJsonNode) }),
  };
}

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

/** JSON with white space at every place that allows it, and strings with escapes. */
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

function hasTwins({ type, children = [] }: Node): boolean {
  const names = type === "object" ? children.map((member): unknown => member.children?.[0]?.value) : [];
  return new Set(names).size < names.length || children.some(hasTwins);
}

test("parseJson returns the nodes of jsonc-parser, or refuses a duplicate member", () => {
  fc.assert(
    fc.property(space, json, space, (before, text, after) => {
      const whole = before + text + after;
      const tree = parseTree(whole)!;
      const expected = hasTwins(tree)
        ? { ok: false, reason: "duplicate-member" }
        : { ok: true, root: toJsonNode(tree) };
      expect(parseJson(whole, 1_000_000)).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Pieces that are JSON in some order, and characters that other parsers forgive. */
const PIECES =
  '{ } [ ] " : , a 1 0 - + . e E \\ \\\\ \\" \u0001 \u2028 \u00a0 \uFEFF null true fals NaN // \' "a" "b": {"a": \\u0061 \\u00 \ud800 12 1.5 -0 01'.split(
    " ",
  );
const piece = fc.constantFrom(...PIECES, " ", "\n", "\t", "\r", "\u000b");

describe("parseJson accepts exactly the syntax that JSON.parse accepts", () => {
  const agrees = (text: string) => {
    const fault = faultOf(text, 1_000_000);
    expect(fault === undefined || fault === "duplicate-member", text).toBe(isJson(text));
  };

  test("for any order of pieces", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => agrees(pieces.join(""))),
      { numRuns: 3000 },
    );
  });

  test("for JSON with one piece removed, inserted or replaced", () => {
    fc.assert(
      fc.property(json, fc.nat(), fc.boolean(), fc.option(piece, { nil: "" }), (text, at, removes, inserted) => {
        const index = at % text.length;
        agrees(text.slice(0, index) + inserted + text.slice(removes ? index + 1 : index));
      }),
      { numRuns: 3000 },
    );
  });
});

test.each(["", "{", "[1,", '{"a"', '{"a":', '"', '"\\', "]", "[}", "{1:2", "nul", "[[[[", '{"a":{"b":["'])(
  "parseJson reports %j as not JSON",
  (text) => {
    expect(faultOf(text, 100)).toBe("not-json");
  },
);
