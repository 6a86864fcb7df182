import { expect, it } from "vitest";
import { equalBytes } from "./equal-bytes.ts";

const bytes = (...values: readonly number[]) => Uint8Array.from(values);

it("returns true for the same bytes only, and false for null", () => {
  expect(equalBytes(bytes(1, 2), bytes(1, 2))).toBe(true);
  expect(equalBytes(bytes(), bytes())).toBe(true);
  for (const [a, b] of [
    [bytes(1), bytes(1, 2)],
    [bytes(1, 2), bytes(1)],
    [bytes(), bytes(1)],
    [bytes(1, 2), bytes(2, 1)],
    [null, bytes()],
    [null, bytes(1)],
  ] as const) {
    expect(equalBytes(a, b)).toBe(false);
  }
});
