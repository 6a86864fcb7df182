import { type BenchContext, SMALL } from "../bench-context.ts";
import { compare } from "../compare.ts";
import { gets, puts } from "../requests.ts";
import { latencyResult, type Result } from "../result.ts";

/** Measures how the latency of gets and puts depends on the number of secrets. */
export async function largeStore(context: BenchContext): Promise<Result[]> {
  const small = await context.deployment(SMALL);
  const large = await context.deployment({ ...SMALL, secrets: context.secrets });
  const results: Result[] = [];
  for (const [name, targetOf] of [
    ["get", gets],
    ["put", puts],
  ] as const) {
    const targets = { measured: targetOf(large), baseline: targetOf(small) };
    const comparison = await compare(targets, { ...context.sampling, clients: 1 });
    results.push(
      latencyResult(comparison, {
        benchmark: `${name} with ${context.secrets} secrets, p50`,
        comparedWith: `${SMALL.secrets} secrets`,
        goal: { max: 1.2 },
      }),
    );
  }
  return results;
}
