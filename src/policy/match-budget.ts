import type { Matcher } from "./matcher.ts";

/** Compiling an instruction takes about as long as matching it against this many characters. */
const COMPILING = 16;

/**
 * The work that one request may spend on patterns. One unit is one instruction on one character, which takes at most about 0.1 µs.
 *
 * A count and not a time: timers stand still during computation on Workers, and a count gives the same answer on every
 * machine.
 */
export class MatchBudget {
  #left: number;

  constructor(units: number) {
    this.#left = units;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }

  /** Matches `input` if the budget allows it. False once the budget is spent. */
  matches(matcher: Matcher, input: string): boolean {
    this.#left -= matchingWork(matcher, input) + COMPILING * matcher.size;
    return !this.isSpent && matcher.matches(input);
  }
}

/**
 * The work of matching a pattern against a text. The literal beginning of a pattern is free, because at most one match
 * can continue within it. A pattern that is not compiled costs one unit.
 */
export function matchingWork({ size, start }: Matcher, input: string): number {
  return Math.max(0, size - start.literal.length) * input.length + 1;
}
