import { type BenchContext, SMALL } from "../bench-context.ts";
import { compare } from "../compare.ts";
import { baselineTarget, puts, spreadPaths } from "../requests.ts";
import { addedLatencyResult, type Result, throughputResult } from "../result.ts";
import { BASELINE_ROWS } from "../setup/baseline.ts";

const COMPARED_WITH = "two fetches: a point read and a transaction of three rows";

/** Measures puts to existing secrets. Once a secret has ten versions, each put also deletes the oldest one. */
export async function writes(context: BenchContext): Promise<Result[]> {
  const deployment = await context.deployment(SMALL);
  const worker = await context.baseline("write", deployment);
  const pathOf = spreadPaths({ secrets: Math.min(deployment.secrets, BASELINE_ROWS) });
  const measured = puts(deployment, { pathOf });
  const baseline = baselineTarget(worker.url, {
    body: (n, client) => measured.request(n, client).body,
    expected: '"version"',
  });
  const many = await compare({ measured, baseline }, { ...context.sampling, clients: 16 });
  const one = await compare({ measured, baseline }, { ...context.sampling, clients: 1 });
  const goal = { min: 0.6 };
  return [
    throughputResult(many, { benchmark: "put, 16 clients", comparedWith: COMPARED_WITH, goal }),
    throughputResult(one, { benchmark: "put, 1 client", comparedWith: COMPARED_WITH, goal }),
    addedLatencyResult(one, { benchmark: "put, 1 client, added p50", comparedWith: COMPARED_WITH }),
  ];
}
