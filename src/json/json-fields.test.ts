import { describe, expect, it } from "vitest";
import { integerField, integersField, stringField, stringsField } from "./json-fields.ts";
import { type JsonObject, parseJsonObject } from "./json-object.ts";

const bodyOf = (a: string): JsonObject => parseJsonObject(`{"a":${a}}`)!;
const wrong = { ok: false };
const right = (value: unknown) => ({ ok: true, value });

describe("an absent or null field is the zero value", () => {
  it.each(["null", undefined])("%s", (text) => {
    const body = text === undefined ? parseJsonObject("{}")! : bodyOf(text);
    expect(stringField(body, "a")).toEqual(right(""));
    expect(integerField(body, "a")).toEqual(right(undefined));
    expect(integersField(body, "a")).toEqual(right([]));
    expect(stringsField(body, "a")).toEqual(right([]));
  });
});

describe("stringField", () => {
  it("finds the member regardless of case, the long s and the Kelvin sign included", () => {
    const body = parseJsonObject('{"\u017FPI\u212AE":"x"}')!;
    for (const name of ["spike", "Spike", "SPIKE"]) expect(stringField(body, name)).toEqual(right("x"));
  });

  it("accepts at most 4096 characters, alone and in a list", () => {
    for (const [length, fits] of [
      [4096, true],
      [4097, false],
    ] as const) {
      const text = "x".repeat(length);
      expect(stringField(bodyOf(JSON.stringify(text)), "a")).toEqual(fits ? right(text) : wrong);
      expect(stringsField(bodyOf(JSON.stringify(["a", text])), "a")).toEqual(fits ? right(["a", text]) : wrong);
    }
  });

  it.each(["1", "true", "{}", "[]", '["a"]'])("rejects %s", (text) => {
    expect(stringField(bodyOf(text), "a")).toEqual(wrong);
  });
});

describe("integersField and stringsField", () => {
  it("accept at most 10 000 elements", () => {
    for (const [length, fits] of [
      [10_000, true],
      [10_001, false],
    ] as const) {
      const numbers = Array.from({ length }, () => "1");
      expect(integersField(bodyOf(`[${numbers.join(",")}]`), "a").ok).toBe(fits);
      expect(stringsField(bodyOf(JSON.stringify(numbers)), "a").ok).toBe(fits);
    }
  });

  it("read null as the zero value and reject other types", () => {
    expect(integersField(bodyOf("[1, null ,-2]"), "a")).toEqual(right([1, 0, -2]));
    expect(stringsField(bodyOf('["a",null]'), "a")).toEqual(right(["a", ""]));
    for (const text of ['["1"]', "[1.0]", "[1e0]", "[true]", "[[1]]", "1", "{}"])
      expect(integersField(bodyOf(text), "a"), text).toEqual(wrong);
    for (const text of ["[1]", "[true]", '[["a"]]', '"a"', "{}"])
      expect(stringsField(bodyOf(text), "a"), text).toEqual(wrong);
  });
});

it("rejects a lone surrogate in a string, alone and in a list", () => {
  for (const half of [String.raw`"\ud800"`, String.raw`"a\udc00b"`, String.raw`"\udc00\ud800"`]) {
    expect(stringField(bodyOf(half), "a"), half).toEqual(wrong);
    expect(stringsField(bodyOf(`[${half}]`), "a"), half).toEqual(wrong);
  }
  expect(stringField(bodyOf(String.raw`"\ud83d\ude00"`), "a")).toEqual(right("😀"));
});

describe("integerField", () => {
  it.each([
    ["0", 0],
    ["-0", 0],
    ["-1", -1],
    ["9007199254740991", 9_007_199_254_740_991],
    // The nearest safe integer: version numbers never get that high.
    ["9223372036854775807", 9_007_199_254_740_991],
    ["-9223372036854775808", -9_007_199_254_740_991],
  ])("reads %s", (text, value) => {
    expect(integerField(bodyOf(text), "a")).toEqual(right(value));
  });

  it.each(["1.0", "1e0", '"1"', "true", "[1]", "9223372036854775808", "-9223372036854775809", "1".repeat(1000)])(
    "rejects %s",
    (text) => {
      expect(integerField(bodyOf(text), "a")).toEqual(wrong);
    },
  );
});
