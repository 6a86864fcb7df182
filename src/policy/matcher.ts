/** A pattern of a policy, ready for matching. */
export interface Matcher {
  readonly text: string;
  /** Literal prefix, in whole segments, of every text that the pattern matches. See `literal-prefix.ts`. */
  readonly prefix: string;
  /** Whether the pattern matches anywhere in `input`, like Go's `MatchString`. Only the pattern itself anchors it. */
  matches(input: string): boolean;
}
