/** One of a policy's two patterns, and the text of a request that it is matched against. */
export type PatternSide = "spiffeId" | "path";

/** The used part of a program that `re2js` compiled. Its own type declarations use `any`. */
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

/** Copied from `Inst` of re2js 2.10.0, which does not export it. The version is pinned, and tests fail on other numbers. */
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

/** Flags of `EMPTY_WIDTH`. `(?m)^`, the begin of a line, has another flag. */
export const TEST = { BEGIN_TEXT: 4, END_TEXT: 8 } as const;

/** The literal text that every match begins with. `whole`: every match ends there too. */
export interface LiteralStart {
  readonly literal: string;
  readonly whole: boolean;
}

const FOLD_CASE = 1;
const SLASH = "/";

/**
 * Maximum number of segments in a prefix, each with its closing slash. A request looks up this many tags plus two. Six
 * segments of an ID distinguish the namespaces of SPIRE on Kubernetes, `spiffe://td/ns/NS/sa/SA`: `spiffe:/`, `/`, `td/`,
 * `ns/`, `NS/`, `sa/`.
 */
const SEGMENTS: Readonly<Record<PatternSide, number>> = { spiffeId: 6, path: 4 };

/** Ends an index key that is a whole text. No text contains it. */
const WHOLE = "\u0000";

/**
 * The key under which a pattern is indexed. Every text that the pattern matches has this key among its
 * {@link requestKeys}.
 *
 * For a pattern that matches exactly one text, the key is that text. Otherwise, it is a prefix of whole segments with
 * their slashes, possibly empty. With prefixes alone, a request of `spiffe://td/w-1` would also load the policies of
 * `spiffe://td/w-2` and all others.
 */
export function indexKey(side: PatternSide, program: Program): string {
  const { literal, whole } = literalStart(program);
  return whole ? `${literal}${WHOLE}` : segmentPrefix(side, literal);
}

/** The index keys of all patterns that can match `text`. At most 8 for a SPIFFE ID, 6 for a path. */
export function requestKeys(side: PatternSide, text: string): readonly string[] {
  return [...segmentPrefixes(side, text), `${text}${WHOLE}`];
}

/** The longest prefix of whole segments, within the maximum number of segments. */
export function segmentPrefix(side: PatternSide, text: string): string {
  return segmentPrefixes(side, text).at(-1) ?? "";
}

/** The empty prefix, and the text up to each slash, within the maximum number of segments. */
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
 * The literal text that every matching input starts with. `whole`: the input must also end there. With `dots`, a place
 * where the pattern takes any single character counts as a literal dot.
 *
 * Read from the compiled program, in which alternatives, optional parts, case folding and quoting are resolved. The text of
 * a pattern is misleading: `^a/|b`, `^a/*` and `(?i)^a/` all match inputs that do not start with `a/`. Only instructions
 * that every match passes are followed. Unknown tests can be skipped, because a test only excludes inputs.
 */
export function literalStart(program: Program, dots = false): LiteralStart {
  let literal = "";
  let anchored = false;
  let at = program.inst[program.start];
  // Without an ALT there are no loops, so each instruction is visited at most once.
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

/** The only character that an instruction matches. ASCII only: one unit in UTF-16 and in UTF-8. */
function literalCharacter({ op, arg, runes }: Instruction, dots: boolean): string | undefined {
  if (dots && (op === OP.ANY || op === OP.ANY_NOT_NEWLINE)) return ".";
  const rune = runes[0];
  if (op !== OP.RUNE1 || (arg & FOLD_CASE) !== 0 || rune === undefined || rune >= 0x80) return undefined;
  return String.fromCharCode(rune);
}
