import { type BenchContext, SMALL } from "../bench-context.ts";
import { compare } from "../compare.ts";
import type { LoadTarget } from "../load/load-target.ts";
import { puts } from "../requests.ts";
import { amountResult, type Result, throughputResult } from "../result.ts";

const CLIENTS = 64;

/** All clients write to one path: in each race one put wins and all others retry. */
export async function contention(context: BenchContext): Promise<Result[]> {
  const deployment = await context.deployment(SMALL);
  const measured = acceptUnavailable(puts(deployment, { pathOf: () => "app/hot" }));
  const baseline = acceptUnavailable(puts(deployment, { pathOf: (_, client) => `app/c${client}` }));
  const comparison = await compare({ measured, baseline }, { ...context.sampling, clients: CLIENTS });
  const unavailable = comparison.measured.map((sample) => sample.unavailable);
  const slowest = comparison.measured.map((sample) => sample.maxMs);
  const benchmark = `put, ${CLIENTS} clients on one path`;
  return [
    throughputResult(comparison, {
      benchmark,
      comparedWith: `${CLIENTS} clients on ${CLIENTS} paths`,
      goal: { min: 0.15 },
    }),
    amountResult(unavailable, {
      benchmark: `${benchmark}: 503 responses per round`,
      comparedWith: "none",
      unit: "requests",
      baseline: null,
      goal: { max: 0 },
    }),
    amountResult(slowest, {
      benchmark: `${benchmark}: slowest request per round`,
      comparedWith: "a deadline of 8000 ms",
      unit: "ms",
      baseline: null,
    }),
  ];
}

/** A put that loses every race until its deadline gets a 503. */
function acceptUnavailable(target: LoadTarget): LoadTarget {
  return { ...target, classify: (status, body) => (status === 503 ? "unavailable" : target.classify(status, body)) };
}
