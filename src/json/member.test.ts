import { describe, expect, it } from "vitest";
import { type JsonObject, parseJsonObject } from "./json-object.ts";
import { bytes, integer, integers, type Member, type MemberResult, objectText, text, texts } from "./member.ts";

function bodyOf(source: string): JsonObject {
  const parsed = parseJsonObject(source);
  if (!parsed.ok) throw new Error(parsed.violation.rule);
  return parsed.object;
}

function read<T>(member: Member<T>, source: string): MemberResult<T> {
  return member.read(bodyOf(`{"a":${source}}`).get("a"));
}

const valid = (value: unknown) => ({ ok: true, value });
const broken = (rule: string, limit?: number) => ({
  ok: false,
  violation: { rule, ...(limit !== undefined && { limit }) },
});

const NO_INTEGER = "must be an integer of at most 64 bits, without fraction or exponent";
const NO_UNICODE = "must be Unicode without lone surrogates";

it.each([
  ["text", text(), ""],
  ["integer", integer(), undefined],
  ["integers", integers(), []],
  ["texts", texts(), []],
  ["bytes", bytes(), new Uint8Array()],
  ["objectText", objectText({ rule: "" }), undefined],
])("%s reads an absent member and null as the zero value", (_name, member, zero) => {
  expect(member.read(undefined)).toEqual(valid(zero));
  expect(read<unknown>(member, "null")).toEqual(valid(zero));
});

describe("text", () => {
  it("accepts at most 4096 characters, alone and in a list", () => {
    const [longest, longer] = ["x".repeat(4096), "x".repeat(4097)];
    const rule = "must have at most 4096 characters";
    expect(read(text(), JSON.stringify(longest))).toEqual(valid(longest));
    expect(read(text(), JSON.stringify(longer))).toEqual(broken(rule, 4096));
    expect(read(texts(), JSON.stringify(["a", longest]))).toEqual(valid(["a", longest]));
    expect(read(texts(), JSON.stringify(["a", longer]))).toEqual(
      broken(`must be a list of strings: element 2 ${rule}`),
    );
  });

  it.each(["1", "true", "{}", "[]", '["a"]'])("rejects %s", (source) => {
    expect(read(text(), source)).toEqual(broken("must be a string"));
  });

  it("rejects a lone surrogate, alone and in a list", () => {
    for (const half of [String.raw`"\ud800"`, String.raw`"a\udc00b"`, String.raw`"\udc00\ud800"`]) {
      expect(read(text(), half), half).toEqual(broken(NO_UNICODE));
      expect(read(texts(), `[${half}]`), half).toEqual(broken(`must be a list of strings: element 1 ${NO_UNICODE}`));
    }
    expect(read(text(), String.raw`"\ud83d\ude00"`)).toEqual(valid("😀"));
  });

  it("checks the rule of its value, and that a required text is present", () => {
    const rule = { rule: "must be a", limit: 1 };
    const isValid = (value: string) => value === "a";
    expect(["", "a", "b"].map((value) => text({ rule, isValid }).check(value))).toEqual([undefined, undefined, rule]);
    expect(["", "a", "b"].map((value) => text({ rule, isValid, required: true }).check(value))).toEqual([
      { rule: "is required" },
      undefined,
      rule,
    ]);
    expect(text({ rule }).check("b")).toBeUndefined();
  });
});

describe("integers and texts", () => {
  it("accept at most 10 000 elements", () => {
    const listOf = (length: number, element: string) => `[${Array.from({ length }, () => element).join(",")}]`;
    const rule = "must have at most 10000 elements";
    expect(read(integers(), listOf(10_000, "1")).ok).toBe(true);
    expect(read(texts(), listOf(10_000, '"1"')).ok).toBe(true);
    expect(read(integers(), listOf(10_001, "1"))).toEqual(broken(rule, 10_000));
    expect(read(texts(), listOf(10_001, '"1"'))).toEqual(broken(rule, 10_000));
  });

  it("read null as the zero value and reject other types", () => {
    expect(read(integers(), "[1, null ,-2]")).toEqual(valid([1, 0, -2]));
    expect(read(texts(), '["a",null]')).toEqual(valid(["a", ""]));
    for (const element of ['"1"', "1.0", "1e0", "true", "[1]"]) {
      const rule = `must be a list of integers: element 2 ${NO_INTEGER}`;
      expect(read(integers(), `[7,${element}]`), element).toEqual(broken(rule));
    }
    for (const element of ["1", "true", '["a"]']) {
      const rule = "must be a list of strings: element 1 must be a string";
      expect(read(texts(), `[${element}]`), element).toEqual(broken(rule));
    }
    for (const source of ["1", '"a"', "{}"]) {
      expect(read(integers(), source), source).toEqual(broken("must be a list of integers"));
      expect(read(texts(), source), source).toEqual(broken("must be a list of strings"));
    }
  });

  it("check that a required list is not empty", () => {
    expect(integers({ required: true }).check([])).toEqual({ rule: "is required" });
    expect(integers().check([])).toBeUndefined();
  });
});

describe("integer", () => {
  it.each([
    ["0", 0],
    ["-0", 0],
    ["-1", -1],
    ["9007199254740991", 9_007_199_254_740_991],
    // The nearest safe integer: version numbers never get that high.
    ["9223372036854775807", 9_007_199_254_740_991],
    ["-9223372036854775808", -9_007_199_254_740_991],
  ])("reads %s", (source, value) => {
    expect(read(integer(), source)).toEqual(valid(value));
  });

  it.each(["1.0", "1e0", '"1"', "true", "[1]", "9223372036854775808", "-9223372036854775809", "1".repeat(1000)])(
    "rejects %s",
    (source) => {
      expect(read(integer(), source)).toEqual(broken(NO_INTEGER));
    },
  );

  it("checks its range, and that a required integer is present", () => {
    const member = integer({ min: 1, max: 9, required: true });
    const outside = { rule: "must be from 1 to 9", limit: 9 };
    const found = [undefined, 0, 1, 9, 10].map((value) => member.check(value));
    expect(found).toEqual([{ rule: "is required" }, outside, undefined, undefined, outside]);
    expect(integer({ min: 0 }).check(-1)).toEqual({ rule: "must be at least 0", limit: 0 });
    expect(integer().check(-1)).toBeUndefined();
  });
});

describe("bytes", () => {
  it("reads standard base64", () => {
    expect(read(bytes(), '"AQI="')).toEqual(valid(Uint8Array.of(1, 2)));
    for (const source of ['"AQI"', '"A-_="', "1", "[1]"]) {
      expect(read(bytes(), source), source).toEqual(broken("must be bytes in standard base64"));
    }
  });

  it("checks its length", () => {
    const [none, one, two] = [0, 1, 2].map((length) => new Uint8Array(length));
    expect([none, one, two].map((value) => bytes({ length: 1 }).check(value!)?.rule)).toEqual([
      "must have 1 bytes",
      undefined,
      "must have 1 bytes",
    ]);
    expect([none, one, two].map((value) => bytes({ max: 1 }).check(value!))).toEqual([
      undefined,
      undefined,
      { rule: "must have at most 1 bytes", limit: 1 },
    ]);
  });
});

it("objectText keeps the text of an object as it was sent", () => {
  expect(read(objectText({ rule: "" }), '{ "n" : 1e400 }')).toEqual(valid('{ "n" : 1e400 }'));
  expect(read(objectText({ rule: "" }), "[]")).toEqual(broken("must be an object"));
});
