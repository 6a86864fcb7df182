import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import fc from "fast-check";
import { type Node, parseSync, Visitor } from "oxc-parser";
import { RE2JS } from "re2js";
import { describe, expect, test } from "vitest";

const r = String.raw;
const PAIRS = process.env["LONG"] === "1" ? 200_000 : 1000;

describe("the engine is the re2js version that was compared with Go (G03)", () => {
  test("pins and installs exactly one version", () => {
    const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
      dependencies: Record<string, string>;
    };
    const entry = createRequire(import.meta.url).resolve("re2js");
    const installed: unknown = JSON.parse(readFileSync(entry.replace(/build\/.*$/, "package.json"), "utf8"));
    expect(dependencies["re2js"]).toMatch(/^\d+\.\d+\.\d+$/);
    expect(installed).toMatchObject({ name: "re2js", version: dependencies["re2js"] });
  });

  /** The syntax on which RE2 and RegExp agree: no look-around, no flags, only ASCII classes. */
  const atom = fc.constantFrom(
    "a",
    "b",
    "/",
    r`\.`,
    ".",
    "[ab]",
    "[^a]",
    "[a-c/]",
    r`\w`,
    r`\W`,
    r`\d`,
    r`\b`,
    r`\B`,
    "^",
    "$",
    "()",
  );
  const { pattern } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
    pattern: fc
      .array(
        fc.array(tie("part"), { maxLength: 4 }).map((parts) => parts.join("")),
        { minLength: 1, maxLength: 3 },
      )
      .map((branches) => branches.join("|")),
    part: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { weight: 5, arbitrary: atom },
      {
        weight: 2,
        arbitrary: fc
          .tuple(fc.constantFrom("a", "[ab]", "."), fc.constantFrom("*", "+", "?", "{2}", "{0}", "*?"))
          .map(([one, times]) => one + times),
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(tie("pattern"), fc.constantFrom("", "", "*", "+", "?", "{2}"))
          .map(([inner, times]) => `(${inner})${times}`),
      },
    ),
  }));
  const input = fc.stringMatching(/^[abc/.\n1 ]{0,8}$/);

  test("matches like RegExp in the syntax that both share", () => {
    const seen = { matched: 0, unmatched: 0 };
    fc.assert(
      fc.property(pattern, input, (text, subject) => {
        const matched = new RegExp(text).test(subject);
        seen[matched ? "matched" : "unmatched"] += 1;
        expect(RE2JS.compile(text).test(subject)).toBe(matched);
        expect(RE2JS.compile(`^(?:${text})$`).test(subject)).toBe(new RegExp(`^(?:${text})$`).test(subject));
      }),
      { numRuns: PAIRS },
    );
    expect(Math.min(seen.matched, seen.unmatched)).toBeGreaterThan(PAIRS / 20);
  });
});

/** Places in a source that compile a text to a RegExp: the constructor, and the String methods that call it. */
function findRegExpUses(file: string, source: string): readonly string[] {
  const literals = new Set<string>();
  const found: string[] = [];
  const isLiteral = (node: Node | undefined): boolean =>
    node?.type === "Literal" ? "regex" in node : node?.type === "Identifier" && literals.has(node.name);
  const { program } = parseSync(file, source);
  new Visitor({
    VariableDeclarator({ id, init }) {
      if (id.type === "Identifier" && init?.type === "Literal" && "regex" in init) literals.add(id.name);
    },
  }).visit(program);
  new Visitor({
    Identifier(node) {
      if (node.name === "RegExp") found.push("RegExp");
    },
    CallExpression({ callee, arguments: given }) {
      if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return;
      const { name } = callee.property;
      if (["match", "matchAll", "search"].includes(name) && !isLiteral(given[0])) found.push(`${name}()`);
    },
  }).visit(program);
  return found;
}

describe("no text is compiled to a RegExp (G04)", () => {
  const files = globSync("src/**/*.ts").filter((file) => !/\.(?:test|fixture)\.ts$|contract\.ts$/.test(file));

  test("in any source file", () => {
    expect(files).toContain("src/policy/pattern.ts");
    for (const file of files) {
      // A type annotation compiles nothing.
      const source = readFileSync(file, "utf8").replaceAll(/: RegExp\b/g, ": unknown");
      expect(findRegExpUses(file, source), file).toEqual([]);
    }
  });

  test.each([
    "new RegExp(pattern);",
    "RegExp(pattern).test(path);",
    "const Made = RegExp; new Made(pattern);",
    "new globalThis.RegExp(pattern);",
    "Reflect.construct(RegExp, [pattern]);",
    "path.match(pattern);",
    "[...path.matchAll(policy.pattern)];",
    "path?.search(`${pattern}`);",
  ])("the check finds %s", (source) => {
    expect(findRegExpUses("planted.ts", source)).toHaveLength(1);
  });

  test.each([
    "path.match(/a/);",
    "const known = /a/g; path.matchAll(known);",
    "path.replace(pattern, '').split(pattern);",
  ])("the check accepts %s", (source) => {
    expect(findRegExpUses("planted.ts", source)).toEqual([]);
  });
});
