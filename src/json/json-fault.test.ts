import { describe, expect, test } from "vitest";
import { jsonFault } from "./json-fault.ts";

const members = (count: number) => Array.from({ length: count }, (_, index) => `"${index}":1`).join(",");
const elements = (count: number) => Array.from({ length: count }, () => "[]").join(",");

describe("jsonFault counts members and elements, all together", () => {
  test.each([
    ["members", `{${members(100)}}`, `{${members(101)}}`],
    ["elements", `[${"1,".repeat(99)}1]`, `[${"1,".repeat(100)}1]`],
    ["lists, the outer one too", `[${elements(50)}]`, `[${elements(51)}]`],
    ["both", `{"a":{${members(49)}},"b":[${"1,".repeat(48)}1]}`, `{"a":{${members(49)}},"b":[${"1,".repeat(49)}1]}`],
    ["no commas in strings", `["${",[{".repeat(200)}"]`, `[${members(101)}]`],
  ])("%s", (_case, most, more) => {
    expect(jsonFault(most, 100)).toBeUndefined();
    expect(jsonFault(more, 100)).toBe("too-many-values");
  });

  test("before it looks at anything else, and so at no more of a text that is none", () => {
    for (const text of [`"a":`.repeat(2_000_000), `,`.repeat(8_000_000), `{"a":1,`.repeat(1_000_000)]) {
      const began = performance.now();
      expect(jsonFault(text, 100)).toMatch(/^too-/);
      expect(performance.now() - began).toBeLessThan(200);
    }
  });
});

test("jsonFault takes names of 2048 characters as they are written, and no longer ones", () => {
  expect(jsonFault(`{"${"a".repeat(2048)}":1}`, 100)).toBeUndefined();
  for (const name of ["a".repeat(2049), String.raw`\u0061`.repeat(342)]) {
    expect(jsonFault(`{"${name}":1}`, 100)).toBe("name-too-long");
  }
  expect(jsonFault(`{"a":"${"b".repeat(3000)}"}`, 100)).toBeUndefined();
});
