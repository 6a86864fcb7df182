import { describe, expect, it } from "vitest";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

const bytes = (...values: readonly number[]) => Uint8Array.from(values);

describe("UTF-8", () => {
  it.each(["", "a", "é", "\u{1F600}", "\uFEFFa", "\u0000"])("round-trips %j", (text) => {
    expect(decodeUtf8(encodeUtf8(text))).toBe(text);
  });

  it("rejects invalid bytes and keeps no state", () => {
    const bad = [bytes(0xff), bytes(0x61, 0xc3), bytes(0xf0, 0x9f, 0x98), bytes(0xc0, 0x80), bytes(0xed, 0xa0, 0x80)];
    for (const each of bad) {
      expect(() => decodeUtf8(each)).toThrow(TypeError);
      expect(decodeUtf8(bytes(0xc3, 0xa9))).toBe("é");
    }
  });
});
