/** Pseudo-random numbers that are the same for the same seed. For test plans only, never for secrets. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** @throws RangeError if there are no choices */
  pick<T>(choices: readonly T[]): T;
}

/** Marsaglia's 32-bit xorshift generator, with a mixed seed so that adjacent seeds differ. */
export function createRandom(seed: number): Random {
  let state = Math.imul(seed ^ 0x9e_37_79_b9, 0x85_eb_ca_6b) | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let skipped = 0; skipped < 8; skipped += 1) next();
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (choices) => {
      const choice = choices[below(choices.length)];
      if (choice === undefined) throw new RangeError("Cannot pick from an empty array");
      return choice;
    },
  };
}
