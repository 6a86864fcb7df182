import { describe, expect, it } from "vitest";
import { decodeUtf8, encodeUtf8, tryDecodeUtf8 } from "./utf8.ts";

const bytes = (...values: readonly number[]) => Uint8Array.from(values);

describe("UTF-8", () => {
  it.each(["", "a", "é", "\u{1F600}", "\uFEFFa", "\u0000"])("decodes %j to the text that was encoded", (text) => {
    expect(decodeUtf8(encodeUtf8(text))).toBe(text);
    expect(tryDecodeUtf8(encodeUtf8(text))).toBe(text);
  });

  it("rejects invalid UTF-8 and keeps none of it for the next text", () => {
    const invalid = [
      bytes(0xff),
      bytes(0x61, 0xc3),
      bytes(0xf0, 0x9f, 0x98),
      bytes(0xc0, 0x80),
      bytes(0xed, 0xa0, 0x80),
    ];
    for (const each of invalid) {
      expect(() => decodeUtf8(each)).toThrow(TypeError);
      expect(tryDecodeUtf8(each)).toBeUndefined();
      expect(decodeUtf8(bytes(0xc3, 0xa9))).toBe("é");
    }
  });
});
