import * as fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { literalMatcher } from "./literal-matcher.ts";
import { literalStart, type PatternSide } from "./literal-prefix.ts";
import { parsePattern } from "./pattern.ts";

const runs = process.env["LONG"] === undefined ? 3000 : 300_000;

describe("literalMatcher", () => {
  const piece = fc.constantFrom("a", "b", "/", "_", "-", ":", String.raw`\.`, "app/", "spiffe://", "é", "\n", "x.");
  const pieces = fc.array(piece, { maxLength: 6 }).map((list) => list.join(""));
  const pattern = fc
    .tuple(fc.constantFrom("", "^"), pieces, fc.constantFrom("", ".*", ".*", ".+", "(a)"), fc.constantFrom("", "$"))
    .map((parts) => parts.join(""));
  const character = fc.constantFrom(
    "a",
    "b",
    "/",
    "_",
    ".",
    "\n",
    "\r",
    "app/",
    "spiffe://",
    "é",
    "\u{1F600}",
    "\uD800",
  );
  const input = fc.array(character, { maxLength: 8 }).map((list) => list.join(""));

  it("matches the same texts as RE2", () => {
    let decided = 0;
    fc.assert(
      fc.property(pattern, input, pieces, (text, random, near) => {
        const literal = literalMatcher(text);
        if (literal === undefined) return;
        decided += 1;
        const compiled = RE2JS.compile(text);
        const plain = near.replaceAll(String.raw`\.`, ".");
        for (const each of [random, plain, `${random}${plain}`, `${plain}${random}`, `${plain}\n`]) {
          expect(literal.matches(each), JSON.stringify([text, each])).toBe(compiled.test(each));
        }
      }),
      { numRuns: runs },
    );
    expect(decided).toBeGreaterThan(runs / 10);
  });

  it.each<PatternSide>(["path", "spiffeId"])("begins like the compiled pattern: %s", (side) => {
    let decided = 0;
    fc.assert(
      fc.property(pattern, (tail) => {
        const text = side === "path" ? tail : tail.replace(/^(\^?)/, "$1spiffe://");
        const [literal, parsed] = [literalMatcher(text), parsePattern(side, text)];
        if (literal === undefined || !parsed.ok) return;
        decided += 1;
        expect(literal).toMatchObject({ text, start: parsed.pattern.start });
        expect(literal.start).toEqual(literalStart(parsed.pattern.program));
      }),
      { numRuns: runs },
    );
    expect(decided).toBeGreaterThan(runs / 20);
  });

  it.each([
    "a.b",
    "a|b",
    "a?",
    "a*",
    "(a)",
    "[a]",
    "a{2}",
    String.raw`\d`,
    String.raw`\Qa\E`,
    "^^a",
    "a$$",
    "a$b",
    "a^b",
    ".*a",
    "a.*b",
    String.raw`a\.*`,
    "a+",
    "é",
    "a b",
    "^a$\n",
    "a".repeat(501),
  ])("does not handle %j", (text) => {
    expect(literalMatcher(text)).toBeUndefined();
  });
});
