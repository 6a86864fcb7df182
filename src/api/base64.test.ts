import { describe, expect, it } from "vitest";
import { encodeBase64 } from "./base64.ts";

describe("encodeBase64", () => {
  it("writes bytes of any number and value as Go does", () => {
    for (const length of [0, 1, 2, 3, 255, 8191, 8192, 8193, 70_000]) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 31) % 256);
      expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
    }
  });
});
