/** A pattern of a policy, ready to be matched. */
export interface Matcher {
  readonly text: string;
  /** What every text that it matches begins with, in whole segments: see `literal-prefix.ts`. */
  readonly prefix: string;
  /** Whether it is found anywhere in `input`, as Go's `MatchString`: nothing is anchored but by the pattern itself. */
  matches(input: string): boolean;
}
