/** Which of a policy's two patterns is meant, or which text of a request it is matched against. */
export type PatternSide = "spiffeId" | "path";

/** What is read of a program that `re2js` compiled. Its own declarations say `any`. */
export interface Program {
  readonly start: number;
  readonly inst: readonly Instruction[];
}

interface Instruction {
  readonly op: number;
  /** The next instruction; the first of two at `ALT` and `ALT_MATCH`. */
  readonly out: number;
  /** The second branch, the tests of `EMPTY_WIDTH`, or the flags of a rune. */
  readonly arg: number;
  readonly runes: ArrayLike<number>;
}

/** `Inst` of re2js 2.10.0, which doesn't export it: hence the exact pin, and a table in the test that other numbers fail. */
export const OP = {
  ALT: 1,
  ALT_MATCH: 2,
  CAPTURE: 3,
  EMPTY_WIDTH: 4,
  MATCH: 6,
  NOP: 7,
  RUNE1: 9,
  ANY: 10,
  ANY_NOT_NEWLINE: 11,
} as const;

/** The tests of `EMPTY_WIDTH`. Begin of line, which `(?m)^` asks for, is another one. */
export const TEST = { BEGIN_TEXT: 4, END_TEXT: 8 } as const;

const FOLD_CASE = 1;
const SLASH = "/";

/**
 * How many segments, each with the slash that ends it, a prefix may have: this plus two tags are looked up for each
 * request. Of an ID it takes six to get past the namespace in `spiffe://td/ns/NS/sa/SA`, the form of SPIRE on
 * Kubernetes: `spiffe:/`, `/`, `td/`, `ns/`, `NS/`, `sa/`.
 */
const SEGMENTS: Readonly<Record<PatternSide, number>> = { spiffeId: 6, path: 4 };

/** Marks a key that stands for a text as a whole; no text holds it. */
const WHOLE = "\u0000";

/**
 * The key that a pattern is found by: every text in which the pattern is found has it among its {@link requestKeys}. A
 * prefix of whole segments with their slashes, perhaps empty; or, of a pattern that matches one text and no other, that
 * text. Without the latter all IDs `spiffe://td/w-1`, `spiffe://td/w-2` and so on would be looked at for each of them.
 */
export function indexKey(side: PatternSide, program: Program): string {
  const { literal, whole } = literalStart(program);
  return whole ? `${literal}${WHOLE}` : segmentPrefix(side, literal);
}

/** Every key by which a pattern found in `text` can be indexed. At most 8 of an ID, 6 of a path. */
export function requestKeys(side: PatternSide, text: string): readonly string[] {
  return [...segmentPrefixes(side, text), `${text}${WHOLE}`];
}

/** The longest prefix of whole segments that counts. */
export function segmentPrefix(side: PatternSide, text: string): string {
  return segmentPrefixes(side, text).at(-1) ?? "";
}

/** The empty prefix, and the text up to each of its first slashes. */
function segmentPrefixes(side: PatternSide, text: string): readonly string[] {
  const prefixes = [""];
  let slash = text.indexOf(SLASH);
  while (slash >= 0 && prefixes.length <= SEGMENTS[side]) {
    prefixes.push(text.slice(0, slash + 1));
    slash = text.indexOf(SLASH, slash + 1);
  }
  return prefixes;
}

/**
 * The literal text that every match begins with, at the very begin of the input, and whether the input has to end with it.
 * With `dots`, also over the places where the pattern takes any one character, as if it meant a dot there.
 *
 * Read from the compiled program, where alternatives, optional parts, folded case and quoting have all become visible.
 * Reading the pattern's text instead denies what is granted: of `^a/|b`, `^a/*` and `(?i)^a/`, none begins with `a/`.
 * Only what every match has to pass is walked, so tests that aren't understood may be skipped: they allow less, not more.
 */
export function literalStart(program: Program, dots = false): { readonly literal: string; readonly whole: boolean } {
  let literal = "";
  let anchored = false;
  let at = program.inst[program.start];
  // No way leads back without an ALT, so each instruction is met once at most.
  for (let left = program.inst.length; at !== undefined && left > 0; left--) {
    if (at.op === OP.EMPTY_WIDTH) {
      if (literal === "" && (at.arg & TEST.BEGIN_TEXT) !== 0) anchored = true;
      if (anchored && (at.arg & TEST.END_TEXT) !== 0) return { literal, whole: true };
    } else if (at.op !== OP.CAPTURE && at.op !== OP.NOP) {
      const character = anchored ? literalCharacter(at, dots) : undefined;
      if (character === undefined) break;
      literal += character;
    }
    at = program.inst[at.out];
  }
  return { literal, whole: false };
}

/** The one character that an instruction takes. ASCII only, which has no second spelling in UTF-16 or UTF-8. */
function literalCharacter({ op, arg, runes }: Instruction, dots: boolean): string | undefined {
  if (dots && (op === OP.ANY || op === OP.ANY_NOT_NEWLINE)) return ".";
  const rune = runes[0];
  if (op !== OP.RUNE1 || (arg & FOLD_CASE) !== 0 || rune === undefined || rune >= 0x80) return undefined;
  return String.fromCharCode(rune);
}
