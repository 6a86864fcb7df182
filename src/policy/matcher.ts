import type { LiteralStart } from "./literal-prefix.ts";

/** A pattern of a policy, ready for matching. */
export interface Matcher {
  readonly text: string;
  /** How every text that the pattern matches begins. See `literalStart`. */
  readonly start: LiteralStart;
  /** Number of instructions that it compiles to; 0 if the text is compared without compiling it. */
  readonly size: number;
  /** True only if it matches every path in its {@link start}. May be false even then. */
  readonly covers: boolean;
  /** Whether the pattern matches anywhere in `input`, like Go's `MatchString`. Only the pattern itself anchors it. */
  matches(input: string): boolean;
}
