import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64url } from "./decode-base64url.ts";

describe("decodeBase64url", () => {
  test("takes what an encoder writes, and gives it back", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBase64url(Buffer.from(bytes).toString("base64url"))).toEqual(bytes);
      }),
    );
  });

  test.each([
    ["padding", "YQ=="],
    ["half the padding", "YQ="],
    ["the other alphabet's plus", "-+--"],
    ["the other alphabet's slash", "__/_"],
    ["a space inside", "YW Jj"],
    ["a trailing newline", "YWJj\n"],
    ["non-zero trailing bits of one byte", "YR"],
    ["non-zero trailing bits of two bytes", "YWJ"],
    ["a lone last character", "YWJjY"],
    ["Unicode", "YWJé"],
    ["NUL", "YWJ\0"],
  ])("T15 refuses %s", (_case, text) => {
    expect(decodeBase64url(text)).toBeUndefined();
  });

  test("T15 no text but the canonical one yields the same bytes", () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from("AQgwYZ019-_=+/ \n")) });
    fc.assert(
      fc.property(text, (candidate) => {
        const bytes = decodeBase64url(candidate);
        if (bytes !== undefined) expect(Buffer.from(bytes).toString("base64url")).toBe(candidate);
      }),
      { numRuns: 2000 },
    );
  });
});
