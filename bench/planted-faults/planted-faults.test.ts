import { existsSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { parseSync } from "oxc-parser";
import { describe, expect, it } from "vitest";
import { plantFault } from "./fault.ts";
import { PLANTED_FAULTS } from "./planted-faults.ts";

describe("the planted faults", () => {
  it.each(PLANTED_FAULTS)("fits the source: $name", (fault) => {
    for (const [file, source] of plantFault(fault, readSource)) {
      expect(source).not.toBe(readSource(file));
      expect(parseSync(file, source, { showSemanticErrors: true }).errors).toEqual([]);
      expect(() => stripTypeScriptTypes(source)).not.toThrow();
    }
  });

  it.each(PLANTED_FAULTS)("names test files that exist: $name", ({ tests }) => {
    expect(tests).not.toEqual([]);
    expect(tests.filter((test) => !existsSync(test))).toEqual([]);
  });

  it("has at least 30 faults with different names", () => {
    expect(new Set(PLANTED_FAULTS.map(({ name }) => name)).size).toBe(PLANTED_FAULTS.length);
    expect(PLANTED_FAULTS.length).toBeGreaterThanOrEqual(30);
  });
});

function readSource(file: string): string {
  return readFileSync(file, "utf8");
}
