import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { decodeBase64, decodeBase64url, encodeBase64, encodeBase64url } from "./base64.ts";

const bytesOfLength = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 31) % 256);
const LENGTHS = [0, 1, 2, 3, 255, 8191, 8192, 8193, 70_000];

it.each(LENGTHS)("encodes %i bytes as Node does", (length) => {
  const bytes = bytesOfLength(length);
  expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
  expect(encodeBase64url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
});

describe("decodeBase64", () => {
  test("decodes what an encoder writes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString("base64"))).toEqual(Uint8Array.from(bytes));
      }),
    );
  });

  test.each([
    ["missing padding", "AA"],
    ["half the padding", "AA="],
    ["unnecessary padding", "AAAA===="],
    ["padding alone", "===="],
    ["padding inside", "AA==AAAA"],
    ["one character too many", "AAAAA"],
    ["the base64url alphabet", "-_-_"],
    ["a line break", "AAAA\n"],
    ["a space", "AA A"],
    ["a letter beyond ASCII", "AAAé"],
  ])("rejects %s", (_case, text) => {
    expect(decodeBase64(text)).toBeUndefined();
    expect(decodeBase64(text, { trailingBits: "ignore" })).toBeUndefined();
  });

  test.each([
    ["one byte", "AB==", [0]],
    ["two bytes", "AAB=", [0, 0]],
  ])("rejects non-zero trailing bits of %s unless they are ignored", (_case, text, bytes) => {
    expect(decodeBase64(text)).toBeUndefined();
    expect(decodeBase64(text, { trailingBits: "ignore" })).toEqual(Uint8Array.from(bytes));
  });

  test("ignores trailing bits as atob does", () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from("AQgwYZ019+/=-_ \n")), maxLength: 12 });
    fc.assert(
      fc.property(text, (candidate) => {
        const isStandard = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(candidate);
        const expected = isStandard ? Uint8Array.from(atob(candidate), (digit) => digit.charCodeAt(0)) : undefined;
        expect(decodeBase64(candidate, { trailingBits: "ignore" })).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("decodeBase64url", () => {
  test("decodes what an encoder writes", () => {
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
  ])("rejects %s (T15)", (_case, text) => {
    expect(decodeBase64url(text)).toBeUndefined();
  });

  test("accepts only the canonical encoding of any bytes (T15)", () => {
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
