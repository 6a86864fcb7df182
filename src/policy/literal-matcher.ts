import type { Matcher } from "./matcher.ts";

/** Groups: `^` at the start, the literal characters, `.*` after them, `$` at the end. */
const LITERAL = /^(\^?)((?:[a-zA-Z0-9_\-/:]|\\\.)*)((?:\.\*)?)(\$?)$/;

/** Longer patterns are compiled, to check their size: a program has up to six instructions more than characters. */
const MAX_CHARACTERS = 500;

/**
 * Matches a pattern of literal characters without compiling it, with the same result as RE2. The pattern may have anchors
 * and a `.*` at its end; most patterns are of this form. Undefined for all others, which must be compiled.
 *
 * As in RE2 without flags, `.` matches any character except a newline, and `$` is the end of the text, not of a line.
 */
export function literalMatcher(text: string): Matcher | undefined {
  const parts = LITERAL.exec(text);
  if (parts === null) return undefined;
  const [, begin, characters = "", rest, end] = parts;
  if (characters.length > MAX_CHARACTERS) return undefined;
  const literal = characters.replaceAll("\\.", ".");
  const anchored = begin !== "";
  const [open, ended] = [rest !== "", end !== ""];
  const start = anchored ? { literal, whole: ended && !open } : { literal: "", whole: false };
  const covers = (anchored || literal === "") && (open || !ended || anchored);
  return { text, start, size: 0, covers, matches: createMatch(literal, { anchored, open, ended }) };
}

function createMatch(
  literal: string,
  { anchored, open, ended }: { readonly anchored: boolean; readonly open: boolean; readonly ended: boolean },
): Matcher["matches"] {
  if (!ended) return anchored ? (input) => input.startsWith(literal) : (input) => input.includes(literal);
  if (!open) return anchored ? (input) => input === literal : (input) => input.endsWith(literal);
  // The last occurrence is the best candidate, because the least text follows it.
  return (input) => {
    const at = anchored ? 0 : input.lastIndexOf(literal);
    return at >= 0 && input.startsWith(literal, at) && !input.includes("\n", at + literal.length);
  };
}
