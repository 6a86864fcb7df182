import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJsonObject } from "./json-object.ts";

describe("parseJsonObject", () => {
  it("gives each member with its own text, however the object is laid out", () => {
    const space = fc.constantFrom("", " ", "\n\t", "  ");
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z0-9_]{1,8}$/), fc.jsonValue({ maxDepth: 4 })),
        space,
        (object, gap) => {
          const text = `${gap}{${Object.entries(object)
            .map(([name, value]) => `${gap}${JSON.stringify(name)}${gap}:${gap}${JSON.stringify(value)}${gap}`)
            .join(",")}}${gap}`;
          const members = parseJsonObject(text);
          expect([...members!.keys()].toSorted()).toEqual(Object.keys(object).toSorted());
          for (const [name, value] of Object.entries(object)) {
            expect(members!.get(name)?.text).toBe(JSON.stringify(value));
          }
        },
      ),
    );
  });

  it("takes no text that JSON.parse refuses", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      '"',
      ":",
      ",",
      "a",
      "1",
      "\\",
      "\u0001",
      " ",
      "null",
      "//",
      "'",
      "\uFEFF",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        return valid || parseJsonObject(text) === undefined;
      }),
      { numRuns: 3000 },
    );
  });

  it("refuses a name twice in one object, however spelled and spaced, and nothing else", () => {
    const refused = ['{"a":1,"a":2}', '{"a":1,"\\u0061" \n:2}', '{"x":[{"b":1,"c":{},"b":2}]}', '{"\\"":1,"\\"":2}'];
    const taken = [
      '{"a":"a","b":["a","a"]}',
      '{"a":{"a":{"a":1}}}',
      '{"a":[{"a":1},{"a":1}],"b":"\\"a\\":"}',
      '{"x":"y","y":"x:"}',
    ];
    for (const text of refused) expect(parseJsonObject(text), text).toBeUndefined();
    for (const text of taken) expect(parseJsonObject(text), text).toBeDefined();
  });

  it("bounds depth at 32, brackets in strings aside", () => {
    const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    expect(parseJsonObject(nested(32))).toBeDefined();
    expect(parseJsonObject(nested(33))).toBeUndefined();
    expect(parseJsonObject(JSON.stringify({ a: '[{"\\'.repeat(100) }))).toBeDefined();
  });

  it("reads megabytes of escapes, and of brackets, without running out of stack", () => {
    expect(parseJsonObject(`{"a":"${"\\n".repeat(4 * 1024 * 1024)}"}`)).toBeDefined();
    expect(parseJsonObject("[".repeat(8 * 1024 * 1024))).toBeUndefined();
    expect(parseJsonObject(`${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`)).toBeUndefined();
  });

  it("keeps names that objects in JavaScript would treat as their own", () => {
    const members = parseJsonObject('{"__proto__":1,"constructor":2,"toString":3}');
    expect([...members!.keys()]).toEqual(["__proto__", "constructor", "tostring"]);
  });
});
