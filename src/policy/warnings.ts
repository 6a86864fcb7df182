import { literalStart, OP, type PatternSide, type Program, segmentPrefix, TEST } from "./literal-prefix.ts";
import type { Pattern } from "./pattern.ts";

const NAME: Readonly<Record<PatternSide, string>> = { spiffeId: "SPIFFE ID", path: "path" };

/** Ends with `.*`: longer names are intended. */
const WILDCARD_END = /[^\\]\.\*$/;

/**
 * Sentences about patterns that may grant more than intended. Only for the sender of the patterns, because they quote them.
 *
 * A path pattern that is open at its end is ordinary (`^tenants/acme/`), and so is an ID pattern that ends with a slash or
 * a wildcard. An ID pattern that ends within a name is not: `^spiffe://example\.org/admin` also matches
 * `spiffe://example.org/admin-attacker`.
 */
export function patternWarnings(spiffeId: Pattern, path: Pattern): readonly string[] {
  const warnings = startWarnings("spiffeId", spiffeId);
  if (endsWithinName(spiffeId.program) && !WILDCARD_END.test(spiffeId.text)) {
    warnings.push(
      `The SPIFFE ID pattern "${spiffeId.text}" also matches longer IDs, for example with "-attacker" appended: ` +
        "end the pattern with $.",
    );
  }
  return [...warnings, ...startWarnings("path", path)];
}

function startWarnings(side: PatternSide, { text, prefix, program }: Pattern): string[] {
  const warnings: string[] = [];
  if (startsAnywhere(program) && !text.startsWith(".*")) {
    warnings.push(`The ${NAME[side]} pattern "${text}" matches anywhere in a ${NAME[side]}: begin the pattern with ^.`);
  }
  const intended = segmentPrefix(side, literalStart(program, true).literal);
  if (intended.length > prefix.length) {
    warnings.push(
      `A dot in the ${NAME[side]} pattern "${text}" matches any character, so the pattern is not limited to ` +
        `"${intended}": write \\. for a literal dot.`,
    );
  }
  return warnings;
}

/** Whether a match may start after the beginning of the text. */
function startsAnywhere(program: Program): boolean {
  const seen = new Set<number>();
  const pending = [program.start];
  for (let pc = pending.pop(); pc !== undefined; pc = pending.pop()) {
    const at = program.inst[pc];
    if (at === undefined || seen.has(pc)) continue;
    seen.add(pc);
    const { op, out, arg } = at;
    if (op === OP.ALT || op === OP.ALT_MATCH) pending.push(out, arg);
    else if (op === OP.CAPTURE || op === OP.NOP) pending.push(out);
    else if (op !== OP.EMPTY_WIDTH) return true;
    else if ((arg & TEST.BEGIN_TEXT) === 0) pending.push(out);
  }
  return false;
}

/** Whether a match may end before the end of the text, and within a name: not after a slash or a wildcard. */
function endsWithinName(program: Program): boolean {
  const seen = new Set<string>();
  const pending: { readonly pc: number; readonly within: boolean }[] = [{ pc: program.start, within: true }];
  for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
    const { pc, within } = state;
    const at = program.inst[pc];
    if (at === undefined || seen.has(`${pc} ${within}`)) continue;
    seen.add(`${pc} ${within}`);
    const { op, out, arg } = at;
    if (op === OP.MATCH && within) return true;
    if (op === OP.ALT || op === OP.ALT_MATCH) pending.push({ pc: out, within }, { pc: arg, within });
    else if (op === OP.CAPTURE || op === OP.NOP) pending.push({ pc: out, within });
    else if (op !== OP.EMPTY_WIDTH) pending.push({ pc: out, within: !isSlashOrAny(at) });
    else if ((arg & TEST.END_TEXT) === 0) pending.push({ pc: out, within });
  }
  return false;
}

function isSlashOrAny({ op, runes }: Program["inst"][number]): boolean {
  return op === OP.ANY || op === OP.ANY_NOT_NEWLINE || (op === OP.RUNE1 && runes[0] === 0x2f);
}
