import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type PatternSide, requestKeys } from "./literal-prefix.ts";
import { parsePattern } from "./pattern.ts";

const PAIRS = process.env["LONG"] === "1" ? 100_000 : 5000;

/** A piece of a pattern, and a text that it matches unless a test or a flag elsewhere in the pattern prevents it. */
interface Piece {
  readonly pattern: string;
  readonly text: string;
}

const piece = (pattern: string, ...texts: readonly string[]): fc.Arbitrary<Piece> =>
  fc.constantFrom(...texts).map((text) => ({ pattern, text }));

const atom = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b", "k", "a/", "b/", "/").map((text) => ({ pattern: text, text })) },
  piece(".", "a", "b", "/", "."),
  piece(String.raw`\.`, "."),
  piece("[ab]", "a", "b"),
  piece("[aA]", "a", "A"),
  piece("[/b]", "/", "b"),
  piece("[a]", "a"),
  piece("[]a]", "]", "a"),
  piece("[^a]", "b", "/", "\n"),
  piece(String.raw`\w`, "a", "0"),
  piece(String.raw`\pL`, "a", "é"),
  piece(String.raw`\x61`, "a"),
  piece(String.raw`\x{2f}`, "/"),
  piece(String.raw`\Qa/b\E`, "a/b"),
  piece(String.raw`\Q\E`, ""),
  piece("(?i)a/", "a/", "A/"),
  piece("(?i)k", "k", "K", "\u212A"),
);

/** Tests and flags, which match no character. */
const nothing = fc
  .constantFrom("^", "$", String.raw`\A`, String.raw`\z`, String.raw`\b`, String.raw`\B`, "()", "(?i)", "(?-i)", "(?s)")
  .map((pattern) => ({ pattern, text: "" }));

const { tree } = fc.letrec<{ tree: Piece; node: Piece }>((tie) => ({
  tree: fc
    .array(tie("node"), { minLength: 1, maxLength: 4 })
    .map((parts) => ({ pattern: join(parts, "pattern"), text: join(parts, "text") })),
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 6, arbitrary: atom },
    { weight: 1, arbitrary: nothing },
    { weight: 1, arbitrary: tie("tree").map(({ pattern, text }) => ({ pattern: `(${pattern})`, text })) },
    {
      weight: 1,
      arbitrary: fc.tuple(tie("tree"), tie("tree"), fc.boolean()).map(([one, other, first]) => ({
        pattern: `(${one.pattern}|${other.pattern})`,
        text: (first ? one : other).text,
      })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.oneof(atom, nothing, tie("tree")),
          fc.constantFrom("*", "+", "?", "{0}", "{2}", "*?"),
          fc.nat({ max: 2 }),
        )
        .map(([{ pattern, text }, times, count]) => ({
          pattern: `(${pattern})${times}`.replace(/^\((.)\)/, "$1"),
          text: text.repeat(timesOf(times, count)),
        })),
    },
  ),
}));

function join(parts: readonly Piece[], of: keyof Piece): string {
  return parts.map((part) => part[of]).join("");
}

function timesOf(times: string, count: number): number {
  if (times === "{0}") return 0;
  if (times === "{2}") return 2;
  return Math.max(times === "+" ? 1 : 0, Math.min(times === "?" ? 1 : 2, count));
}

/** A pattern and a text that it usually matches. */
const pair = fc
  .record({
    side: fc.constantFrom<PatternSide>("path", "path", "spiffeId"),
    start: fc.constantFrom("^", "^", "^", "^", "", String.raw`\A`, "(?m)^", "(?i)^", "$^", "(^)", "^?"),
    head: fc.constantFrom("", "", "a/", "a/b/", "/b/a/b/a/b/"),
    body: tree,
    branch: fc.oneof(
      { weight: 4, arbitrary: fc.constant("") },
      tree.map(({ pattern }) => `|${pattern}`),
    ),
    end: fc.constantFrom("", "", "", "$", String.raw`\E`),
    before: fc.constantFrom("", "", "", "", "a", "b/", "a/b/", "x\n"),
    after: fc.constantFrom("", "", "", "a", "/b", "\n"),
  })
  .map(({ side, start, head, body, branch, end, before, after }) => {
    if (side === "spiffeId") {
      const pattern = `${start === "" ? "" : "^"}spiffe://a${head}${body.pattern}${end === "$" ? "$" : ""}`;
      return { side, pattern, text: `${before}spiffe://a${head}${body.text}${after}` };
    }
    return {
      side,
      pattern: `${start}${head}${body.pattern}${end}${branch}`,
      text: `${before}${head}${body.text}${after}`,
    };
  });

test("the key of a pattern is among the keys of every text that it matches (G07)", () => {
  const seen = { pairs: 0, found: 0, prefixed: 0, whole: 0 };
  fc.assert(
    fc.property(pair, ({ side, pattern, text }) => {
      const parsed = parsePattern(side, pattern);
      fc.pre(parsed.ok);
      seen.pairs++;
      if (!parsed.ok || !parsed.pattern.matches(text)) return;
      seen.found++;
      const { prefix, key } = parsed.pattern;
      if (prefix !== "") seen.prefixed++;
      if (key !== prefix) seen.whole++;
      expect(requestKeys(side, text)).toContain(key);
      // Lists search by the prefix.
      expect(text.startsWith(prefix)).toBe(true);
    }),
    { numRuns: PAIRS, maxSkipsPerRun: 20 },
  );
  // Otherwise the property would be vacuous.
  expect(seen.found / seen.pairs).toBeGreaterThan(0.3);
  expect(seen.prefixed / seen.found).toBeGreaterThan(0.2);
  expect(seen.whole / seen.found).toBeGreaterThan(0.005);
}, 300_000);
