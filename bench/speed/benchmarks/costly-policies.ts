import { type BenchContext, SMALL } from "../bench-context.ts";
import { compare } from "../compare.ts";
import type { LoadTarget } from "../load/load-target.ts";
import { gets } from "../requests.ts";
import { latencyResult, type Result } from "../result.ts";
import type { Deployment } from "../setup/deployment.ts";

const COSTLY_COUNTS = [60, 900];

/** Measures what policies with costly patterns cost others: a workload with a plain policy, and a stranger without any. */
export async function costlyPolicies(context: BenchContext): Promise<Result[]> {
  const small = await context.deployment(SMALL);
  const token = await context.options.domain.token("/stranger");
  const results: Result[] = [];
  for (const costly of COSTLY_COUNTS) {
    const deployment = await context.deployment({ ...SMALL, costly });
    const granted = await compare(
      { measured: gets(deployment), baseline: gets(small) },
      { ...context.sampling, clients: 1 },
    );
    const refused = await compare(
      { measured: refusals(deployment, token), baseline: refusals(small, token) },
      { ...context.sampling, clients: 1 },
    );
    const title = `with ${costly} costly policies, p50`;
    results.push(
      latencyResult(granted, { benchmark: `get ${title}`, comparedWith: "none" }),
      latencyResult(refused, { benchmark: `refused get ${title}`, comparedWith: "none" }),
    );
  }
  return results;
}

/** 401, or 500 if there are too many policies to decide. */
function refusals(deployment: Deployment, token: string): LoadTarget {
  return { ...gets(deployment, { token }), classify: (status) => (status === 401 || status === 500 ? "ok" : "wrong") };
}
