import { type BenchContext, SMALL } from "../bench-context.ts";
import { compare } from "../compare.ts";
import type { LoadTarget } from "../load/load-target.ts";
import { edgeTarget } from "../requests.ts";
import { type Result, throughputResult } from "../result.ts";

/** Measures authentication alone: a workload calls an endpoint that is reserved for operators, so no database request is made. */
export async function authentication(context: BenchContext): Promise<Result[]> {
  const deployment = await context.deployment(SMALL);
  const worker = await context.baseline("verify", deployment);
  const request = { name: "status", path: "/v1/operator/status", body: () => "{}", expected: "" };
  const measured: LoadTarget = { ...edgeTarget(deployment, deployment.app, request), classify: acceptStatus(401) };
  const baseline: LoadTarget = { ...measured, name: "baseline", urls: [worker.url], classify: acceptStatus(200) };
  const comparison = await compare({ measured, baseline }, { ...context.sampling, clients: 16 });
  return [
    throughputResult(comparison, {
      benchmark: "authentication alone, 16 clients",
      comparedWith: "ES256 verification alone",
    }),
  ];
}

function acceptStatus(expected: number): LoadTarget["classify"] {
  return (status) => (status === expected ? "ok" : "wrong");
}
