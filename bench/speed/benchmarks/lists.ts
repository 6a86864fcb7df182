import { type BenchContext, SMALL } from "../bench-context.ts";
import { compare } from "../compare.ts";
import { baselineTarget, edgeTarget } from "../requests.ts";
import { type Result, throughputResult } from "../result.ts";
import type { Deployment } from "../setup/deployment.ts";

const PATHS = 1000;
const VERSIONS = 10;
const VERSIONED_SECRETS = 20;
const COMPARED_WITH = "the same rows without any check";
const GOAL = { min: 0.5 };

/** Measures responses with many rows. */
export async function lists(context: BenchContext): Promise<Result[]> {
  const deployment = await context.deployment(SMALL);
  return [...(await listPaths(context, deployment)), await readMetadata(context, deployment)];
}

async function listPaths(context: BenchContext, deployment: Deployment): Promise<readonly Result[]> {
  const body = (): string => JSON.stringify({ prefix: "app/s" });
  const expected = '"app/s1"';
  const worker = await context.baseline("list", deployment);
  const baseline = baselineTarget(worker.url, { body, expected });
  const results: Result[] = [];
  for (const [caller, token] of [
    ["the superuser", deployment.superuser],
    ["a workload", deployment.app],
  ] as const) {
    const request = { name: "list", path: "/v1/store/secrets?action=list", body, expected };
    const measured = edgeTarget(deployment, token, request);
    const comparison = await compare({ measured, baseline }, { ...context.sampling, clients: 16 });
    const benchmark = `list of ${PATHS} paths by ${caller}, 16 clients`;
    results.push(throughputResult(comparison, { benchmark, comparedWith: COMPARED_WITH, goal: GOAL }));
  }
  return results;
}

async function readMetadata(context: BenchContext, deployment: Deployment): Promise<Result> {
  for (let n = 0; n < VERSIONED_SECRETS * VERSIONS; n += 1) {
    await deployment.post("/v1/store/secrets", { path: `app/m${n % VERSIONED_SECRETS}`, values: { v: String(n) } });
  }
  const body = (n: number): string => JSON.stringify({ path: `app/m${n % VERSIONED_SECRETS}` });
  const expected = `"${VERSIONS}"`;
  const worker = await context.baseline("metadata", deployment);
  const request = { name: "metadata", path: "/v1/store/secrets/metadata?action=get", body, expected };
  const comparison = await compare(
    {
      measured: edgeTarget(deployment, deployment.app, request),
      baseline: baselineTarget(worker.url, { body, expected }),
    },
    { ...context.sampling, clients: 16 },
  );
  const benchmark = `metadata of ${VERSIONS} versions, 16 clients`;
  return throughputResult(comparison, { benchmark, comparedWith: COMPARED_WITH, goal: GOAL });
}
