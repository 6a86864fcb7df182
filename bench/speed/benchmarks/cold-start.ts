import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type BenchContext, SMALL } from "../bench-context.ts";
import type { LoadTarget } from "../load/load-target.ts";
import { runLoad } from "../load/run-load.ts";
import { baselineTarget, gets, spreadPaths } from "../requests.ts";
import { amountResult, type Result } from "../result.ts";
import { startBaseline } from "../setup/baseline.ts";
import { spreadOf } from "../statistics.ts";

const KIB = 1024;

/** Measures the cost of a cold start: the size of the bundle and the first request to a new worker. */
export async function coldStart(context: BenchContext): Promise<Result[]> {
  const { options, sampling } = context;
  const deployment = await context.deployment(SMALL);
  const bundleKib = gzipSync(readFileSync(join(options.built, "workerd.js"))).length / KIB;
  const pathOf = spreadPaths(deployment);
  const body = (n: number, client: number): string => JSON.stringify({ path: pathOf(n, client) });
  const measureFirst = async (target: LoadTarget): Promise<number> =>
    (await runLoad(target, { clients: 1, seconds: 60, requests: 1, nextNumber: sampling.nextNumber })).maxMs;
  const measured: number[] = [];
  const baseline: number[] = [];
  for (let round = 0; round < sampling.rounds; round += 1) {
    const baselineWorker = await startBaseline("read", options.folder, deployment.env);
    baseline.push(await measureFirst(baselineTarget(baselineWorker.url, { body, expected: '"blob"' })));
    await baselineWorker.kill();
    const worker = await deployment.startWorker();
    measured.push(await measureFirst(gets({ ...deployment, worker })));
    await worker.kill();
  }
  return [
    amountResult([bundleKib], {
      benchmark: "bundle, gzip",
      comparedWith: "nothing",
      unit: "KiB",
      baseline: null,
      goal: { max: 300 },
    }),
    amountResult(measured, {
      benchmark: "first request after start",
      comparedWith: "the baseline worker",
      unit: "ms",
      baseline: spreadOf(baseline).median,
      goal: { max: 60 },
    }),
  ];
}
