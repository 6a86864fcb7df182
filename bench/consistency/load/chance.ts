/** Numbers that look random and are the same for the same seed, so that a run's plan can be repeated. */
export interface Chance {
  /** Uniform in [0, 1). */
  next(): number;
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number;
  /** True in a part of all cases. */
  hits(part: number): boolean;
  /** One of them. */
  of<T>(choices: readonly [T, ...T[]]): T;
}

/** Marsaglia's xorshift of 32 bits, begun from a mixed seed: for plans, never for secrets. */
export function chanceFrom(seed: number): Chance {
  let state = Math.imul(seed ^ 0x9e_37_79_b9, 0x85_eb_ca_6b) | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let warming = 0; warming < 8; warming += 1) next();
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    hits: (part) => next() < part,
    of: (choices) => choices[below(choices.length)] ?? choices[0],
  };
}
