import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonObject, parseJsonObject } from "./json-object.ts";

function parsed(text: string): JsonObject | undefined {
  const result = parseJsonObject(text);
  return result.ok ? result.object : undefined;
}

describe("parseJsonObject", () => {
  it("returns each member with its own text, for any layout of the object", () => {
    const space = fc.constantFrom("", " ", "\n\t", "  ");
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z0-9_]{1,8}$/), fc.jsonValue({ maxDepth: 4 })),
        space,
        (object, gap) => {
          const text = `${gap}{${Object.entries(object)
            .map(([name, value]) => `${gap}${JSON.stringify(name)}${gap}:${gap}${JSON.stringify(value)}${gap}`)
            .join(",")}}${gap}`;
          const members = parsed(text);
          expect([...members!.keys()].toSorted()).toEqual(Object.keys(object).toSorted());
          for (const [name, value] of Object.entries(object)) {
            expect(members!.get(name)?.text).toBe(JSON.stringify(value));
          }
        },
      ),
    );
  });

  it("rejects every text that JSON.parse rejects", () => {
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
        if (!valid) expect(parsed(text), text).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
  });

  it("rejects only a repeated name in one object, for any spelling and spacing", () => {
    const refused = ['{"a":1,"a":2}', '{"a":1,"\\u0061" \n:2}', '{"x":[{"b":1,"c":{},"b":2}]}', '{"\\"":1,"\\"":2}'];
    const taken = [
      '{"a":"a","b":["a","a"]}',
      '{"a":{"a":{"a":1}}}',
      '{"a":[{"a":1},{"a":1}],"b":"\\"a\\":"}',
      '{"x":"y","y":"x:"}',
    ];
    for (const text of refused) expect(parsed(text), text).toBeUndefined();
    for (const text of taken) expect(parsed(text), text).toBeDefined();
  });

  it("rejects two names that Go reads as one field, at the top only (P12)", () => {
    const twins = ['"a":1,"A":2', '"path":1,"PaTh":2', '"k":1,"\u212A":2', '"s":1,"\u017F":2', '"S":1,"\\u017f":2'];
    for (const members of twins) {
      expect(parsed(`{${members}}`), members).toBeUndefined();
      expect(parsed(`{"values":{${members}}}`), members).toBeDefined();
      expect(parsed(`{"x":[{${members}}]}`), members).toBeDefined();
    }
  });

  it("folds to ASCII exactly the characters that Go folds: the Kelvin sign and the long s (P12)", () => {
    const folded: string[] = [];
    for (let code = 0x80; code <= 0x2fff; code += 1) {
      const [name] = parsed(JSON.stringify({ [String.fromCharCode(code)]: 1 }))!.keys();
      if (/^[\0-\x7f]*$/.test(name!)) folded.push(name!);
    }
    expect(folded).toEqual(["s", "k"]);
  });

  it("bounds values at 12 000, members at the top at 100, and the length of names (P13)", () => {
    const members = (count: number) => Array.from({ length: count }, (_, n) => `"n${n}":""`).join(",");
    expect(parsed(`{"values":{${members(11_998)}}}`)).toBeDefined();
    expect(parsed(`{"values":{${members(12_000)}}}`)).toBeUndefined();
    expect(parsed(`{"versions":[${"1,".repeat(9999)}1],${members(99)}}`)).toBeDefined();
    expect(parsed(`{${members(100)}}`)).toBeDefined();
    expect(parsed(`{${members(101)}}`)).toBeUndefined();
    expect(parsed(`{"${"n".repeat(3000)}":1}`)).toBeUndefined();
    // The longest name of a secret value, in its longest spelling, is accepted.
    expect(parsed(`{"values":{"${"\\u0061".repeat(250)}":""}}`)).toBeDefined();
  });

  it("reads the worst megabyte in milliseconds (P13)", () => {
    const megabyte = 1024 * 1024;
    const fill = (unit: (n: number) => string) =>
      Array.from({ length: megabyte / 8 }, (_, n) => unit(n))
        .join(",")
        .slice(0, megabyte);
    const worst = {
      names: `{${fill((n) => `"${n}":1`)}}`,
      "names that hash alike": `{"values":{${fill((n) => `"${1_000_000_000 + n * 32_768}":0`)}}}`,
      lists: `{"a":[${fill(() => "[]")}]}`,
      "not JSON": fill(() => '"":'),
      brackets: "[".repeat(megabyte),
      quotes: '"'.repeat(megabyte),
      escapes: `{"a":"${"\\n".repeat(megabyte / 2 - 8)}"}`,
      spaces: `{"a":1${" ".repeat(megabyte - 8)}}`,
      digits: `{"a":${"9".repeat(megabyte - 8)}}`,
      "the maximum of values, in escapes": `{"values":{${Array.from({ length: 11_990 }, (_, n) => `"${n}":"${"\\u0041".repeat(13)}"`).join(",")}}}`,
    };
    for (const [what, text] of Object.entries(worst)) {
      const times = Array.from({ length: 3 }, () => {
        const began = performance.now();
        parsed(text);
        return performance.now() - began;
      });
      // Measured: 20 ms, and 350 ms for many names before there was a bound. The minimum of three, for busy machines.
      expect(Math.min(...times), what).toBeLessThan(200);
    }
  });

  it("bounds depth at 32, brackets in strings aside", () => {
    const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    expect(parsed(nested(32))).toBeDefined();
    expect(parsed(nested(33))).toBeUndefined();
    expect(parsed(JSON.stringify({ a: '[{"\\'.repeat(100) }))).toBeDefined();
  });

  it("reads megabytes of escapes and of brackets without exhausting the stack", () => {
    expect(parsed(`{"a":"${"\\n".repeat(4 * 1024 * 1024)}"}`)).toBeDefined();
    expect(parsed("[".repeat(8 * 1024 * 1024))).toBeUndefined();
    expect(parsed(`${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`)).toBeUndefined();
  });

  it("keeps names that JavaScript objects inherit", () => {
    const members = parsed('{"__proto__":1,"constructor":2,"toString":3}');
    expect([...members!.keys()]).toEqual(["__proto__", "constructor", "tostring"]);
  });
});

it.each([
  ["", { rule: "must be a JSON object, but is empty" }],
  [" ", { rule: "must be valid JSON (RFC 8259)" }],
  ["{", { rule: "must be valid JSON (RFC 8259)" }],
  ["[]", { rule: "must be a JSON object" }],
  ['{"a":1,"A":2}', { rule: expect.stringMatching(/^must not name a member twice/) }],
  ['{"a":{"b":1,"b":2}}', { rule: expect.stringMatching(/^must not name a member twice/) }],
  [`{"a":${"[".repeat(32)}${"]".repeat(32)}}`, { rule: "must not be nested deeper than 32", limit: 32 }],
  [`{"a":[${"1,".repeat(12_000)}1]}`, { rule: "must have at most 12000 members and elements", limit: 12_000 }],
  [
    `{${"x"
      .repeat(101)
      .replaceAll(/x/g, () => `"${Math.random()}":1,`)
      .slice(0, -1)}}`,
    { rule: "must have at most 100 members at the top level", limit: 100 },
  ],
  [`{"${"n".repeat(2049)}":1}`, { rule: "must not have a member name of more than 2048 characters", limit: 2048 }],
])("names the rule that a body breaks, and its limit: %.20s (Q12)", (text, violation) => {
  expect(parseJsonObject(text)).toEqual({ ok: false, violation });
});
