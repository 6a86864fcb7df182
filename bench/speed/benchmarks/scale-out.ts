import { type BenchContext, SMALL } from "../bench-context.ts";
import { compare } from "../compare.ts";
import { gets } from "../requests.ts";
import { type Result, throughputResult } from "../result.ts";
import { limitCpu } from "../setup/limit-cpu.ts";

const CPU_SHARE = 0.2;
const CLIENTS = 32;

/**
 * Compares two workers over one database with one worker. On a machine with few cores, the database and the clients leave no core
 * for a second worker. Each worker is therefore limited to a share of a core.
 */
export async function scaleOut(context: BenchContext): Promise<Result[]> {
  const deployment = await context.deployment(SMALL);
  const second = await deployment.startWorker();
  const baseline = gets(deployment);
  const measured = { ...baseline, urls: [...baseline.urls, second.url] };
  const limits = [deployment.worker, second].map(({ pid }) => limitCpu(pid, CPU_SHARE));
  try {
    const comparison = await compare({ measured, baseline }, { ...context.sampling, clients: CLIENTS });
    return [
      throughputResult(comparison, {
        benchmark: `get, 2 workers with ${CPU_SHARE} core each, ${CLIENTS} clients`,
        comparedWith: "1 such worker",
        goal: { min: 1.6 },
      }),
    ];
  } finally {
    await Promise.all(limits.map(async (removeLimit) => await removeLimit()));
  }
}
