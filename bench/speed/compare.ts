import type { LoadTarget } from "./load/load-target.ts";
import { runLoad, type Sample } from "./load/run-load.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** Samples of two targets under the same load, one pair per round. */
export interface Comparison {
  readonly measured: readonly Sample[];
  readonly baseline: readonly Sample[];
}

export interface Sampling {
  readonly rounds: number;
  /** Load time of each target per round. */
  readonly seconds: number;
  /** Returns a new number for each request of the whole run. */
  readonly nextNumber: () => number;
}

const WARM_UP_SECONDS = 1;

/**
 * Loads two targets in turn and swaps their order in each round, so that other activity on the machine affects both equally.
 */
export async function compare(
  { measured, baseline }: { readonly measured: LoadTarget; readonly baseline: LoadTarget },
  sampling: Sampling & { readonly clients: number },
): Promise<Comparison> {
  const { seconds, nextNumber, clients } = sampling;
  const sample = async (target: LoadTarget): Promise<Sample> => await runLoad(target, { clients, seconds, nextNumber });
  for (const target of [measured, baseline]) await runLoad(target, { clients, seconds: WARM_UP_SECONDS, nextNumber });
  return await alternate(
    sampling,
    async () => await sample(measured),
    async () => await sample(baseline),
  );
}

/** Takes two samples in turn, and swaps their order in each round. */
export async function alternate(
  { rounds }: Pick<Sampling, "rounds">,
  measure: () => Promise<Sample>,
  measureBaseline: () => Promise<Sample>,
): Promise<Comparison> {
  const samples: { measured: Sample; baseline: Sample }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) {
      samples.push({ baseline: await measureBaseline(), measured: await measure() });
    } else {
      samples.push({ measured: await measure(), baseline: await measureBaseline() });
    }
  }
  for (const { measured, baseline } of samples) {
    requireResponses("target", measured);
    requireResponses("baseline", baseline);
  }
  return { measured: samples.map((pair) => pair.measured), baseline: samples.map((pair) => pair.baseline) };
}

/** A sample without a correct response has no rate and no latency. @throws Error */
function requireResponses(side: "target" | "baseline", { requests, unavailable }: Sample): void {
  if (requests > unavailable) return;
  throw new Error(`Cannot measure the ${side}: none of its ${requests} responses in one round was correct`);
}

/** The ratio of the measured target to the baseline in each round. */
export function ratios(comparison: Comparison, select: (sample: Sample) => number): Spread {
  return combinePairs(comparison, (measured, baseline) => select(measured) / select(baseline));
}

/** The difference between the measured target and the baseline in each round. */
export function differences(comparison: Comparison, select: (sample: Sample) => number): Spread {
  return combinePairs(comparison, (measured, baseline) => select(measured) - select(baseline));
}

function combinePairs(
  { measured, baseline }: Comparison,
  combine: (measured: Sample, baseline: Sample) => number,
): Spread {
  return spreadOf(
    baseline.map((sample, round) => {
      const other = measured[round];
      return other === undefined ? Number.NaN : combine(other, sample);
    }),
  );
}
