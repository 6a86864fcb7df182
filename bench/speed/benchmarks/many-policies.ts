import { type BenchContext, SMALL } from "../bench-context.ts";
import { compare } from "../compare.ts";
import { gets } from "../requests.ts";
import { latencyResult, type Result } from "../result.ts";

const UNANCHORED_COUNTS = [10, 100, 900];

/** Measures how the latency of gets depends on the number of policies. */
export async function manyPolicies(context: BenchContext): Promise<Result[]> {
  const baseline = gets(await context.deployment(SMALL));
  const results: Result[] = [];
  for (const [policies, max] of [
    [Math.min(10_000, context.policies), 1.15],
    [context.policies, 1.3],
  ] as const) {
    const measured = gets(await context.deployment({ ...SMALL, policies }));
    const comparison = await compare({ measured, baseline }, { ...context.sampling, clients: 1 });
    const benchmark = `get with ${policies} policies, p50`;
    results.push(latencyResult(comparison, { benchmark, comparedWith: `${SMALL.policies} policies`, goal: { max } }));
  }
  for (const unanchored of UNANCHORED_COUNTS) {
    const measured = gets(await context.deployment({ ...SMALL, unanchored }));
    const comparison = await compare({ measured, baseline }, { ...context.sampling, clients: 1 });
    const benchmark = `get with ${unanchored} unanchored policies, p50`;
    results.push(latencyResult(comparison, { benchmark, comparedWith: "none" }));
  }
  return results;
}
