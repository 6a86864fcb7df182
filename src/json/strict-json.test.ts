import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseStrictJson } from "./strict-json.ts";

describe("parseStrictJson", () => {
  test("returns the value of JSON.parse if no name is repeated", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        // Large integers differ on purpose and have a test of their own.
        fc.pre(!/\d{16}/.test(text));
        expect(parseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  test.each([
    ["the same name in two objects", '{"a":{"b":1},"b":{"b":1}}'],
    ["the same name in two elements", '[{"a":1},{"a":1}]'],
    ["a name that is also a value", '{"a":"b","b":"a","c":["a","b"]}'],
    ["a value that looks like a member", String.raw`{"a":"\"a\":1","b":"{\"a\":1,\"a\":2}"}`],
    ["names that differ in case", '{"a":1,"A":2}'],
    ["backslashes before a quote", String.raw`{"a\\":"\\","a":"\\\""}`],
    ["a name of the prototype", '{"__proto__":1,"constructor":2,"toString":3}'],
  ])("accepts %s (T10)", (_case, text) => {
    expect(parseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });

  test.each([
    ["at the top", '{"exp":1,"exp":2}'],
    ["with equal values", '{"exp":1,"exp":1}'],
    ["first and last", '{"sub":"a","b":1,"sub":"c"}'],
    ["spelled with an escape", String.raw`{"exp":1,"\u0065xp":2}`],
    ["with an escaped slash", String.raw`{"a/b":1,"a\/b":2}`],
    ["across whitespace", '{ "a" \r\n\t : 1 , "a"\n:2 }'],
    ["inside an object", '{"a":{"b":1,"b":2}}'],
    ["inside an array", '[[{"b":1,"b":2}]]'],
    ["after a nested object", '{"a":{"a":1},"a":2}'],
    ["of the empty name", '{"":1,"":2}'],
    ["of the prototype", '{"__proto__":1,"__proto__":2}'],
    ["of a lone surrogate", String.raw`{"\ud800":1,"\uD800":2}`],
  ])("rejects a duplicate member %s (T10)", (_case, text) => {
    expect(parseStrictJson(text)).toEqual({ ok: false, reason: "duplicate-member" });
  });

  test("finds a repeated name at any position (T10)", () => {
    fc.assert(
      fc.property(fc.json(), fc.string(), fc.string(), fc.json(), (before, name, other, after) => {
        const [twin, between] = [JSON.stringify(name), JSON.stringify(`${other}|${name}`)];
        const text = `{${twin}:${before},${between}:[${after}],${twin}:${after}}`;
        expect(parseStrictJson(text)).toEqual({ ok: false, reason: "duplicate-member" });
      }),
    );
  });

  test.each([
    "",
    " ",
    "{",
    '{"a":1,}',
    "{'a':1}",
    '{"a":1}x',
    '{"a":NaN}',
    "\uFEFF{}",
    '{"a":"\n"}',
    '{"a":01}',
    "/**/{}",
  ])("rejects %j", (text) => {
    expect(parseStrictJson(text)).toEqual({ ok: false, reason: "not-json" });
  });

  test("bounds the nesting of arrays and objects (T19)", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(parseStrictJson(nested(32)).ok).toBe(true);
    expect(parseStrictJson(nested(33))).toEqual({ ok: false, reason: "too-deep" });
    expect(parseStrictJson(`${'{"a":'.repeat(33)}1${"}".repeat(33)}`)).toEqual({ ok: false, reason: "too-deep" });
    expect(parseStrictJson(nested(100_000)).ok).toBe(false);
    expect(parseStrictJson("[".repeat(100_000)).ok).toBe(false);
  });

  test("reads 100 000 members, and strings of a megabyte, in linear time (T19)", () => {
    const members = Array.from({ length: 100_000 }, (_, index) => `"${index}":1`).join(",");
    expect(parseStrictJson(`{${members}}`).ok).toBe(true);
    expect(parseStrictJson(`{${members},"0":1}`)).toEqual({ ok: false, reason: "duplicate-member" });
    expect(parseStrictJson(`{"a":"${String.raw`\\`.repeat(500_000)}"}`).ok).toBe(true);
    expect(parseStrictJson(`{"a":"b"${" ".repeat(1_000_000)}}`).ok).toBe(true);
  });

  test("rejects more than 1 Mi characters (T19)", () => {
    expect(parseStrictJson(`"${"a".repeat(1_048_574)}"`).ok).toBe(true);
    expect(parseStrictJson(`"${"a".repeat(1_048_575)}"`)).toEqual({ ok: false, reason: "too-large" });
  });

  test.each([
    ["9007199254740991", 9_007_199_254_740_991],
    ["9007199254740993", 9_007_199_254_740_993n],
    ["-18446744073709551616", -18_446_744_073_709_551_616n],
    ["1e300", 1e300],
    ["0.1234567890123456", 0.123_456_789_012_345_6],
  ])("keeps %s exact (B07)", (text, value) => {
    expect(parseStrictJson(`{"a":${text},"b":1234567890123456}`)).toEqual({
      ok: true,
      value: { a: value, b: 1_234_567_890_123_456 },
    });
  });
});
