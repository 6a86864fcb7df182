import { describe, expect, it } from "vitest";
import { parseWholeNumber } from "./parse-whole-number.ts";

describe("parseWholeNumber", () => {
  it.each([
    ["1", 1],
    ["16", 16],
    ["007", 7],
  ])("reads %j as %i", (text, expected) => {
    expect(parseWholeNumber(text, { option: "--count", max: 16 })).toBe(expected);
  });

  it.each(["", "0", "17", "-1", "1.5", "8e0", "0x1", " 1", "1\n", "99999999999"])("rejects %j", (text) => {
    const parse = (): unknown => parseWholeNumber(text, { option: "--count", max: 16 });
    expect(parse).toThrow(`Cannot use ${JSON.stringify(text)} as --count: expected a whole number from 1 to 16`);
    expect(parse).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
