import { expect, test } from "vitest";
import { afterSpace, decodeString, endOfNumber, endOfString, exceededBound } from "./json-tokens.ts";

test.each([
  ["1", 0],
  [" \t\r\n1", 4],
  ["  ", 2],
  ["\u000b1", 0],
  ["\u00a01", 0],
])("afterSpace(%j) skips the white space of JSON only", (text, index) => {
  expect(afterSpace(text, 0)).toBe(index);
});

test.each([
  ['""', 2],
  ['"a"b"', 3],
  [String.raw`"\""`, 4],
  [String.raw`"\\"`, 4],
  [String.raw`"\\\""`, 6],
  ['"', undefined],
  [String.raw`"\"`, undefined],
])("endOfString(%j) finds the closing quote", (text, end) => {
  expect(endOfString(text, 0)).toBe(end);
});

test.each([
  ['"a"', "a"],
  [String.raw`"\u0061\n\/"`, "a\n/"],
  [String.raw`"\ud800"`, "\ud800"],
  ['"\u007f\u2028"', "\u007f\u2028"],
  ['"\n"', undefined],
  ['"\0"', undefined],
  [String.raw`"\x61"`, undefined],
  [String.raw`"\u006"`, undefined],
])("decodeString(%j) decodes escapes and refuses invalid ones", (raw, value) => {
  expect(decodeString(raw)).toBe(value);
});

test.each([
  ["0", 1],
  ["-0", 2],
  ["01", 1],
  ["12,", 2],
  ["1.5", 3],
  ["1e5", 3],
  ["-12.50E+07]", 10],
  ["-", undefined],
  ["-a", undefined],
  [".5", undefined],
  ["1.", undefined],
  ["1.e5", undefined],
  ["1e", undefined],
  ["1e+", undefined],
  ["+1", undefined],
  ["", undefined],
])("endOfNumber(%j) follows the grammar of RFC 8259", (text, end) => {
  expect(endOfNumber(text, 0)).toBe(end);
});

test.each([
  ["}}]][[[", undefined],
  ["[".repeat(33), "too-deep"],
  ["[}".repeat(11), "too-many-values"],
  [",".repeat(11), "too-many-values"],
  ['"":'.repeat(11), "too-many-values"],
  [`"${",".repeat(11)}"`, undefined],
  [`"${"n".repeat(2049)}" :`, "name-too-long"],
  [`"${"n".repeat(2049)}" ,`, undefined],
  ['","', undefined],
])("exceededBound counts brackets, commas and names in malformed text (%#)", (text, bound) => {
  const from = { index: 0, depth: 0, values: 0, names: 0 };
  expect(exceededBound(text, from, bound === "too-deep" ? 100 : 10)).toBe(bound);
});
