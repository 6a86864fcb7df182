import { type BenchContext, SMALL } from "../bench-context.ts";
import { compare } from "../compare.ts";
import { baselineTarget, gets, spreadPaths } from "../requests.ts";
import { addedLatencyResult, type Result, throughputResult } from "../result.ts";

const COMPARED_WITH = "one fetch and one point read";

/** Measures gets by a workload with a policy and by the superuser. */
export async function reads(context: BenchContext): Promise<Result[]> {
  const deployment = await context.deployment(SMALL);
  const { url } = await context.baseline("read", deployment);
  const pathOf = spreadPaths(deployment);
  const request = {
    body: (n: number, client: number): string => JSON.stringify({ path: pathOf(n, client) }),
    expected: '"blob"',
  };
  const baseline = baselineTarget(url, request);
  const results: Result[] = [];
  for (const [name, token, min] of [
    ["get", deployment.app, 0.6],
    ["get as superuser", deployment.superuser, 0.65],
  ] as const) {
    const measured = gets(deployment, { pathOf, token });
    const throughput = await compare({ measured, baseline }, { ...context.sampling, clients: 16 });
    const labels = { benchmark: `${name}, 16 clients`, comparedWith: COMPARED_WITH };
    results.push(throughputResult(throughput, { ...labels, goal: { min } }));
    const latency = await compare({ measured, baseline }, { ...context.sampling, clients: 1 });
    const latencyLabels = { benchmark: `${name}, 1 client, added p50`, comparedWith: COMPARED_WITH };
    results.push(addedLatencyResult(latency, { ...latencyLabels, ...(name === "get" && { goal: { max: 1 } }) }));
  }
  // The rest of the difference is JSON, SQL, the checks themselves and the audit line.
  const sealed = await context.baseline("sealed-read", deployment);
  const comparison = await compare(
    { measured: gets(deployment, { pathOf }), baseline: baselineTarget(sealed.url, request) },
    { ...context.sampling, clients: 16 },
  );
  const comparedWith = "the same with the Web Crypto calls of a get";
  return [...results, throughputResult(comparison, { benchmark: "get, 16 clients", comparedWith })];
}
