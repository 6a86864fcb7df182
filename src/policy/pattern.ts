import { RE2JS, RE2JSSyntaxException } from "re2js";
import { literalMatcher } from "./literal-matcher.ts";
import { indexKey, literalStart, type PatternSide, type Program, segmentPrefix } from "./literal-prefix.ts";
import type { Matcher } from "./matcher.ts";

/** A pattern of a policy in RE2's syntax, compiled. Build one with {@link parsePattern}. */
export interface Pattern extends Matcher {
  /** What it is found by: that prefix, or the one text that it matches. */
  readonly key: string;
  readonly program: Program;
}

/** Why a text is no pattern: stable codes. */
type PatternProblem = "empty" | "too_long" | "alphabet" | "repeat" | "syntax" | "program_size";

/** `detail` says what stands in the way, for people. It quotes nothing of the pattern but a repeat's count. */
type Parsed<T> =
  | { readonly ok: true; readonly pattern: T }
  | { readonly ok: false; readonly problem: PatternProblem; readonly detail: string };

type Refusal = Extract<Parsed<never>, { ok: false }>;

interface Rule {
  readonly maxLength: number;
  readonly alphabet: RegExp;
  readonly inWords: string;
}

/**
 * What SPIKE allows (spike-sdk-go, `validation`), and a length for SPIFFE ID patterns, which have none there: that of
 * the longest SPIFFE ID.
 *
 * SPIKE writes the path of an ID pattern as `(/[…/…]+)*`. With the slash in the class as well, that takes a backtracking
 * engine such as this one exponential time. Once instead of repeatedly, it is the same language in linear time.
 */
const RULES: Readonly<Record<PatternSide, Rule>> = {
  path: {
    maxLength: 500,
    alphabet: /^[a-zA-Z0-9._\-/^$()?+*|[\]{}\\]+$/,
    inWords: "only letters, digits and . _ - / ^ $ ( ) ? + * | [ ] { } \\ may occur",
  },
  spiffeId: {
    maxLength: 2048,
    alphabet: /^\^?spiffe:\/\/[\\a-zA-Z0-9.\-*()+?[\]]+(?:\/[\\/a-zA-Z0-9._\-*()+?[\]]+)?\$?$/,
    inWords:
      "it has to be spiffe://, a trust domain and perhaps a path, of letters, digits and . - * ( ) + ? [ ] \\ and, " +
      "in the path, _ and /; only ^ may come before it, only $ after it",
  },
};

/** RE2 allows 1000, and has no other limit that matters: `(a?){1000}(a){1000}` takes 0.4 s for 2 KB of input. */
const MAX_REPEAT = 100;

/**
 * Instructions of a program, which is what matching costs, times the length of the input. Any literal of 500
 * characters fits. The worst found by search under this limit (`.*a.\B(a|b){3}…` and the like) took 28 ms for a path of
 * 500 characters and 150 ms for a SPIFFE ID of 2048; ordinary patterns take microseconds.
 */
const MAX_PROGRAM_SIZE = 512;

/**
 * The same before compiling, since `((a…){10}){100}` in 500 characters makes 470 000 instructions, 0.5 s and 350 MB.
 * Eight times as much, because it is an estimate: alternatives of single characters, for one, melt into a class.
 */
const MAX_ESTIMATE = 8 * MAX_PROGRAM_SIZE;

/**
 * Parses a pattern that somebody sends or that was stored. A stored one that is refused, because a limit came down or
 * the syntax changed, grants nothing.
 *
 * Only re2js ever runs it, in time linear in the input. RegExp backtracks: `^(a+)+$` takes it 10 s for 28 letters.
 */
export function parsePattern(side: PatternSide, text: string): Parsed<Pattern> {
  return alphabetRefusal(side, text) ?? sizeRefusal(text) ?? compile(side, text);
}

/**
 * The same for those who want to match only: what is plain text between its anchors is not compiled, which takes a hundred
 * times as long as to compare it.
 */
export function parseMatcher(side: PatternSide, text: string): Parsed<Matcher> {
  const refusal = alphabetRefusal(side, text);
  if (refusal !== undefined) return refusal;
  const literal = literalMatcher(side, text);
  return literal === undefined ? (sizeRefusal(text) ?? compile(side, text)) : { ok: true, pattern: literal };
}

function alphabetRefusal(side: PatternSide, text: string): Refusal | undefined {
  const { maxLength, alphabet, inWords } = RULES[side];
  if (text === "") return refuse("empty", "it is empty");
  if (text.length > maxLength) return refuse("too_long", `${text.length} characters exceed ${maxLength}`);
  return alphabet.test(text) ? undefined : refuse("alphabet", inWords);
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
    // No flags: look-behind, which re2js knows and Go doesn't, is off.
    compiled = RE2JS.compile(text);
  } catch (error) {
    // Whatever it throws: a pattern can't be used that the engine can't compile. The message quotes the pattern.
    const kind = error instanceof RE2JSSyntaxException ? error.getDescription() : "it can't be compiled";
    return refuse("syntax", kind);
  }
  const size = compiled.programSize();
  if (size > MAX_PROGRAM_SIZE) return refuse("program_size", `${size} instructions exceed ${MAX_PROGRAM_SIZE}`);
  const program: Program = compiled.re2().prog;
  const prefix = segmentPrefix(side, literalStart(program).literal);
  const key = indexKey(side, program);
  return { ok: true, pattern: { text, prefix, key, program, matches: (input) => compiled.test(input) } };
}

function refuse(problem: PatternProblem, detail: string): Refusal {
  return { ok: false, problem, detail };
}

/**
 * The largest count of a repeat, and about how many instructions the pattern compiles to, all repeats unrolled. In linear
 * time.
 *
 * The pieces are as RE2 reads them: a quotation (its text is captured), an escape, a class, flags (captured), a counted
 * repeat (its count is captured), any other character. Braces in the first three are text, and so is a malformed repeat,
 * such as `{01}`. Neither `{1,2}` nor `[[:alpha:]]` can occur: alphabets lack the comma, and the colon but in `spiffe:`.
 *
 * Flags and an empty quotation are nothing that a repeat could follow: the count of `a{10}(?i){10}` belongs to `a{10}`.
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
