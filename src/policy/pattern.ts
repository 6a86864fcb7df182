import { RE2JS, RE2JSSyntaxException } from "re2js";
import type { Violation } from "../json/fault.ts";
import { literalMatcher } from "./literal-matcher.ts";
import { indexKey, literalStart, type PatternSide, type Program, segmentPrefix } from "./literal-prefix.ts";
import type { Matcher } from "./matcher.ts";

/** A compiled pattern of a policy, in RE2's syntax. Created by {@link parsePattern}. */
export interface Pattern extends Matcher {
  /** `start`, cut to whole segments. */
  readonly prefix: string;
  /** Index key: see `indexKey`. */
  readonly key: string;
  readonly program: Program;
}

/** Why a text is not a pattern: stable codes. */
type PatternProblem = "empty" | "too_long" | "alphabet" | "repeat" | "syntax" | "program_size" | "cost";

/** `detail` explains the problem to people. From the pattern, it quotes only the count of a repeat. */
type Parsed<T> =
  | { readonly ok: true; readonly pattern: T }
  | { readonly ok: false; readonly problem: PatternProblem; readonly detail: string };

type Refusal = Extract<Parsed<never>, { ok: false }>;

interface Rule {
  readonly maxLength: number;
  /**
   * Maximum number of instructions after the literal beginning. A SPIFFE ID may be four times as long as a path. The slowest ID
   * patterns took 150 ms before this limit.
   */
  readonly maxBranching: number;
  readonly alphabet: RegExp;
  readonly description: string;
}

/**
 * SPIKE's rules (spike-sdk-go, `validation`). SPIKE has no maximum length for SPIFFE ID patterns; here it is the length of
 * the longest SPIFFE ID.
 *
 * SPIKE writes the path of an ID pattern as `(/[…/…]+)*`. The slash is also in the class, so a backtracking engine like
 * RegExp takes exponential time. `(/[…/…]+)?` accepts the same texts in linear time.
 */
const RULES: Readonly<Record<PatternSide, Rule>> = {
  path: {
    maxLength: 500,
    maxBranching: 512,
    alphabet: /^[a-zA-Z0-9._\-/^$()?+*|[\]{}\\]+$/,
    description: "it may contain only letters, digits and . _ - / ^ $ ( ) ? + * | [ ] { } \\",
  },
  spiffeId: {
    maxLength: 2048,
    maxBranching: 256,
    alphabet: /^\^?spiffe:\/\/[\\a-zA-Z0-9.\-*()+?[\]]+(?:\/[\\/a-zA-Z0-9._\-*()+?[\]]+)?\$?$/,
    description:
      "it must consist of spiffe://, a trust domain and optionally a path, with only letters, digits and " +
      ". - * ( ) + ? [ ] \\ and, in the path, _ and /; it may begin with ^ and end with $",
  },
};

/** The rules in words, for callers and the API page. */
export const PATTERN_RULES: Readonly<Record<PatternSide, Violation>> = {
  path: wordsOf(RULES.path),
  spiffeId: wordsOf(RULES.spiffeId),
};

function wordsOf({ maxLength, description }: Rule): Violation {
  return { rule: `must be an RE2 expression of at most ${maxLength} characters: ${description}`, limit: maxLength };
}

/** RE2 allows 1000, which is too slow: `(a?){1000}(a){1000}` takes 0.4 s for 2 KB of input. */
const MAX_REPEAT = 100;

/**
 * Maximum number of instructions. The cost of matching is at most this number times the length of the input. Any literal of
 * 500 characters fits. The slowest patterns that a search found within this limit (such as `.*a.\B(a|b){3}…`) took 28 ms
 * for a path of 500 characters. Ordinary patterns take microseconds.
 */
const MAX_PROGRAM_SIZE = 512;

/**
 * Limit for the estimate before compiling: `((a…){10}){100}` in 500 characters compiles to 470 000 instructions and takes
 * 0.5 s and 350 MB. The estimate may be eight times too high, because RE2 simplifies: alternatives of single characters,
 * for example, become one class.
 */
const MAX_ESTIMATE = 8 * MAX_PROGRAM_SIZE;

/**
 * Parses a requested or a stored pattern. A stored pattern that is refused, because a limit or the syntax has changed,
 * grants nothing.
 *
 * Only re2js runs patterns, in time linear in the input. RegExp backtracks: it takes 10 s to match `^(a+)+$` with 28
 * letters.
 */
export function parsePattern(side: PatternSide, text: string): Parsed<Pattern> {
  return alphabetRefusal(side, text) ?? sizeRefusal(text) ?? compile(side, text);
}

/** {@link parsePattern} for matching only. Literal text is not compiled, because that takes a hundred times longer. */
export function parseMatcher(side: PatternSide, text: string): Parsed<Matcher> {
  const refusal = alphabetRefusal(side, text);
  if (refusal !== undefined) return refusal;
  const literal = literalMatcher(text);
  return literal === undefined ? (sizeRefusal(text) ?? compile(side, text)) : { ok: true, pattern: literal };
}

/** Instructions that a pattern compiles to at most, from its text alone. 0 for a text that is not compiled. */
export function estimateSize(text: string): number {
  return literalMatcher(text) === undefined ? estimate(text).size : 0;
}

function alphabetRefusal(side: PatternSide, text: string): Refusal | undefined {
  const { maxLength, alphabet, description } = RULES[side];
  if (text === "") return refuse("empty", "it is empty");
  if (text.length > maxLength) return refuse("too_long", `${text.length} characters exceed ${maxLength}`);
  return alphabet.test(text) ? undefined : refuse("alphabet", description);
}

function sizeRefusal(text: string): Refusal | undefined {
  const { largestRepeat, size } = estimate(text);
  if (largestRepeat > MAX_REPEAT) return refuse("repeat", `repeat {${largestRepeat}} exceeds ${MAX_REPEAT}`);
  if (size > MAX_ESTIMATE) return refuse("program_size", `about ${size} instructions exceed ${MAX_PROGRAM_SIZE}`);
  return undefined;
}

function compile(side: PatternSide, text: string): Parsed<Pattern> {
  let compiled: RE2JS;
  try {
    // Without flags, re2js rejects look-behind, as Go does.
    compiled = RE2JS.compile(text);
  } catch (error) {
    // Any exception: the pattern cannot be used. Its message is not logged, because it quotes the pattern.
    const kind = error instanceof RE2JSSyntaxException ? error.getDescription() : "it cannot be compiled";
    return refuse("syntax", kind);
  }
  const size = compiled.programSize();
  if (size > MAX_PROGRAM_SIZE) return refuse("program_size", `${size} instructions exceed ${MAX_PROGRAM_SIZE}`);
  const program: Program = compiled.re2().prog;
  const start = literalStart(program);
  const branching = size - start.literal.length;
  const { maxBranching } = RULES[side];
  if (branching > maxBranching && literalMatcher(text) === undefined) {
    return refuse("cost", `${branching} instructions after its literal beginning exceed ${maxBranching}`);
  }
  const prefix = segmentPrefix(side, start.literal);
  const key = indexKey(side, program);
  const matches: Matcher["matches"] = (input) => compiled.test(input);
  return { ok: true, pattern: { text, start, size, covers: false, prefix, key, program, matches } };
}

function refuse(problem: PatternProblem, detail: string): Refusal {
  return { ok: false, problem, detail };
}

/**
 * Estimates, in linear time, the largest count of a repeat and the number of instructions with all repeats unrolled.
 *
 * The text is split as RE2 reads it: a quotation (its text is captured), an escape, a class, flags (captured), a counted
 * repeat (its count is captured), or any other character. Braces within the first three are literal, and so is a malformed
 * repeat such as `{01}`. `{1,2}` and `[[:alpha:]]` cannot occur: the alphabets have no comma, and a colon only in
 * `spiffe:`.
 *
 * A repeat after flags or an empty quotation applies to what precedes them: in `a{10}(?i){10}`, to `a{10}`.
 */
function estimate(text: string): { readonly largestRepeat: number; readonly size: number } {
  const pieces =
    /\\Q([^]*?)(?:\\E|$)|\\[xpP]\{[^}]*\}?|\\[^]|\[\^?\]?(?:\\[^]|[^\]\\])*\]?|(\(\?[a-zA-Z-]*\))|\{(0|[1-9][0-9]*)\}|[^]/g;
  const outer: number[] = [];
  let largestRepeat = 0;
  let size = 0;
  let last = 0;
  for (const [piece, quoted, flags, count] of text.matchAll(pieces)) {
    if (count !== undefined) {
      const times = Number(count);
      largestRepeat = Math.max(largestRepeat, times);
      size += last * (times - 1);
      last *= times;
    } else if (piece === "(") {
      outer.push(size);
      size = 0;
    } else if (piece === ")") {
      last = size + 2;
      size = (outer.pop() ?? 0) + last;
    } else if (piece === "*" || piece === "+" || piece === "?") {
      last++;
      size++;
    } else if (flags === undefined && quoted !== "") {
      last = 1;
      size += quoted?.length ?? 1;
    }
  }
  return { largestRepeat, size };
}
