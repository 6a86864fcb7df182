import { drive, type Load, type Sample } from "./load/drive.ts";
import type { Side } from "./load/side.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** Samples of two sides under the same load, a pair a round. */
export interface Comparison {
  readonly ours: readonly Sample[];
  readonly base: readonly Sample[];
}

/** How long, and how often, everything is measured. */
export interface Pace {
  readonly rounds: number;
  readonly seconds: number;
  /** Numbers all requests of a run. */
  readonly next: () => number;
}

const WARM_UP_SECONDS = 1;

/**
 * Loads two sides in turn, one round after the other, and each round in the other order: what else this machine does hits
 * both alike.
 */
export async function compare(
  ours: Side,
  base: Side,
  pace: Pace,
  { clients }: Pick<Load, "clients">,
): Promise<Comparison> {
  const load = { clients, seconds: pace.seconds };
  const samples: { ours: Sample; base: Sample }[] = [];
  for (const side of [ours, base]) await drive(side, { clients, seconds: WARM_UP_SECONDS }, pace.next);
  for (let round = 0; round < pace.rounds; round += 1) {
    const first = round % 2 === 0 ? base : ours;
    const second = first === base ? ours : base;
    const [one, other] = [await drive(first, load, pace.next), await drive(second, load, pace.next)];
    samples.push(first === base ? { base: one, ours: other } : { ours: one, base: other });
  }
  return { ours: samples.map((sample) => sample.ours), base: samples.map((sample) => sample.base) };
}

/** Of each round the ratio of what `of` takes from the two samples, ours to the base's. */
export function ratios(comparison: Comparison, of: (sample: Sample) => number): Spread {
  return pairs(comparison, of, (ours, base) => ours / base);
}

/** Of each round the difference, ours less the base's. */
export function differences(comparison: Comparison, of: (sample: Sample) => number): Spread {
  return pairs(comparison, of, (ours, base) => ours - base);
}

function pairs(
  { ours, base }: Comparison,
  of: (sample: Sample) => number,
  combine: (ours: number, base: number) => number,
): Spread {
  return spreadOf(
    base.map((sample, round) => {
      const mine = ours[round];
      return mine === undefined ? Number.NaN : combine(of(mine), of(sample));
    }),
  );
}
