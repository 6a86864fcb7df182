import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64 } from "./decode-base64.ts";

describe("decodeBase64", () => {
  test("reads what was written, of any length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString("base64"))).toEqual(Uint8Array.from(bytes));
      }),
    );
  });

  test.each([
    ["no padding", "AA"],
    ["half the padding", "AA="],
    ["padding that nothing needs", "AAAA===="],
    ["padding alone", "===="],
    ["padding inside", "AA==AAAA"],
    ["a character too many", "AAAAA"],
    ["the alphabet of URLs", "-_-_"],
    ["a line break", "AAAA\n"],
    ["a space", "AA A"],
    ["trailing bits that are set", "AB=="],
    ["trailing bits that are set, of two octets", "AAB="],
    ["a letter beyond ASCII", "AAAé"],
  ])("refuses %s", (_case, text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });
});
