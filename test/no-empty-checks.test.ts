import { globSync, readFileSync } from "node:fs";
import { matchesGlob } from "node:path";
import { describe, expect, it } from "vitest";
import mutationConfig from "./mutation/vitest.config.ts";

const filesOf = (pattern: string): readonly string[] =>
  globSync(pattern, { exclude: (name) => /^(?:node_modules|dist|reports|\.)/.test(name) });
const read = (file: string): string => readFileSync(file, "utf8");

const TEST_FILES = filesOf("**/*.test.ts");
const SOURCE_FILES = filesOf("**/*.ts").filter((file) => !file.endsWith(".d.ts"));

/** The quoted patterns and paths of source files in a configuration. */
const patternsIn = (text: string): readonly string[] =>
  [...text.matchAll(/"!?((?:[\w.{},*-]+\/)+[\w.{},*-]+\.ts|\*\.config\.ts)"/g)].map(([, pattern = ""]) => pattern);

/** Tests that run nothing, or that let others run nothing. */
const skippedIn = (source: string): readonly string[] =>
  source.match(/^\s*(?:it|test|describe)(?:\.\w+)*\.(?:skip|todo|only|fails)\b/gm) ?? [];

const isIncluded = (config: string, file: string): boolean => {
  const { include, exclude } = JSON.parse(read(config)) as { include: string[]; exclude: string[] };
  const matches = (patterns: readonly string[]): boolean => patterns.some((pattern) => matchesGlob(file, pattern));
  return matches(include) && !matches(exclude);
};

/** A check that runs nothing passes. These tests find checks that would run nothing, or less than they should. */
describe("a check that would pass by doing nothing", () => {
  it("is found in all test files and source files (Q50)", () => {
    expect(TEST_FILES.length).toBeGreaterThan(100);
    expect(SOURCE_FILES.length).toBeGreaterThan(300);
  });

  it("is not a test file outside the test projects (Q50)", () => {
    const patterns = patternsIn(read("vitest.config.ts"));
    const outside = TEST_FILES.filter((file) => !patterns.some((pattern) => matchesGlob(file, pattern)));
    expect(outside).toEqual([]);
  });

  it("is not a source file without a tsconfig (Q50)", () => {
    const configs = ["tsconfig.json", "tsconfig.workerd.json"];
    expect(SOURCE_FILES.filter((file) => !configs.some((config) => isIncluded(config, file)))).toEqual([]);
  });

  it("is not a skipped or single test (Q50)", () => {
    expect(TEST_FILES.filter((file) => skippedIn(read(file)).length > 0)).toEqual([]);
    expect(mutationConfig).toMatchObject({ test: { allowOnly: false } });
    expect(read("vitest.config.ts")).toContain("allowOnly: false");
    expect(read("vitest.config.ts")).toContain("expect: { requireAssertions: true }");
  });

  it.each(["it.skip(", "  test.only(", "describe.skip(", "it.todo(", "it.fails(", "describe.concurrent.only("])(
    "is %s in a test file (Q50)",
    (source) => {
      expect(skippedIn(`${source}"x")`)).toHaveLength(1);
    },
  );

  const { scripts } = JSON.parse(read("package.json")) as { scripts: Readonly<Record<string, string>> };
  const named = Object.entries(scripts).flatMap(([name, script]) =>
    [...script.matchAll(/(?<=\s)(?:(?:src|test|tools|bench)\/\S+|tsconfig\S*)/g)].map(
      ([path]) => [name, path] as const,
    ),
  );
  it.each(named)("is not `npm run %s` of a path that does not exist: %s (Q50)", (_, path) => {
    expect(globSync(path)).not.toEqual([]);
  });

  const configured = [
    "vitest.config.ts",
    "test/mutation/vitest.config.ts",
    "test/mutation/stryker.config.json",
    "package.json",
  ];
  const patterns = configured.flatMap((name) => patternsIn(read(name)).map((pattern) => [name, pattern] as const));
  it.each(patterns)("is not a pattern of %s without a file: %s (Q50)", (_, pattern) => {
    expect(filesOf(pattern)).not.toEqual([]);
  });
});
