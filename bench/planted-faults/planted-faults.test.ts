import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { applyEdit } from "./fault.ts";
import { PLANTED_FAULTS } from "./planted-faults.ts";

describe("the planted faults", () => {
  it.each(PLANTED_FAULTS)("$name: can be planted in the source as it is", ({ edits, tests }) => {
    for (const edit of edits) {
      const source = readFileSync(edit.file, "utf8");
      expect(applyEdit(source, edit)).not.toBe(source);
    }
    expect(tests.length).toBeGreaterThan(0);
    for (const test of tests) expect(existsSync(test), test).toBe(true);
  });

  it("are many, each of another name", () => {
    expect(new Set(PLANTED_FAULTS.map(({ name }) => name)).size).toBe(PLANTED_FAULTS.length);
    expect(PLANTED_FAULTS.length).toBeGreaterThanOrEqual(30);
  });
});
