import { type PatternSide, segmentPrefix } from "./literal-prefix.ts";
import type { Matcher } from "./matcher.ts";

/** Its parts: whether it begins with the text, its characters, whether anything may follow, whether it ends with the text. */
const LITERAL = /^(\^?)((?:[a-zA-Z0-9_\-/:]|\\\.)*)((?:\.\*)?)(\$?)$/;

/** A longer one may be too large a program, which is for the compiler to say. */
const MAX_CHARACTERS = 256;

/**
 * A pattern of characters that stand for themselves, with or without anchors and a `.*` at its end, as most are; matched
 * without RE2, which would find the same. Undefined for all others: they have to be compiled.
 *
 * `.` is any character but a newline, and `$` the end of the text, not of a line (RE2's syntax without flags).
 */
export function literalMatcher(side: PatternSide, text: string): Matcher | undefined {
  const parts = LITERAL.exec(text);
  if (parts === null) return undefined;
  const [, begin, characters = "", rest, end] = parts;
  if (characters.length > MAX_CHARACTERS) return undefined;
  const literal = characters.replaceAll("\\.", ".");
  const anchored = begin !== "";
  const matches = matching(literal, { anchored, open: rest !== "", ended: end !== "" });
  return { text, prefix: anchored ? segmentPrefix(side, literal) : "", matches };
}

function matching(
  literal: string,
  { anchored, open, ended }: { readonly anchored: boolean; readonly open: boolean; readonly ended: boolean },
): Matcher["matches"] {
  if (!ended) return anchored ? (input) => input.startsWith(literal) : (input) => input.includes(literal);
  if (!open) return anchored ? (input) => input === literal : (input) => input.endsWith(literal);
  // Of all places where the text is found, the last one has the least behind it.
  const place = (input: string): number => (anchored ? 0 : input.lastIndexOf(literal));
  return (input) => {
    const at = place(input);
    return at >= 0 && input.startsWith(literal, at) && !input.includes("\n", at + literal.length);
  };
}
