import { readFileSync } from "node:fs";
import { type BenchContext, SMALL } from "../bench-context.ts";
import type { LoadTarget } from "../load/load-target.ts";
import { runLoad } from "../load/run-load.ts";
import { gets, puts } from "../requests.ts";
import type { Result } from "../result.ts";
import { spreadOf } from "../statistics.ts";

const REQUESTS = 200_000;
const INTERVALS = 20;
/** The heap still grows to its working size during these intervals. */
const WARM_UP_INTERVALS = 4;
/** Number of intervals compared at either end: a single value depends on garbage collection. */
const COMPARED_INTERVALS = 5;

/** Measures whether a worker accumulates memory over 200 000 requests, one in ten of them a put. */
export async function memory(context: BenchContext): Promise<Result[]> {
  const deployment = await context.deployment(SMALL);
  const worker = await deployment.startWorker();
  const [read, write] = [gets({ ...deployment, worker }), puts({ ...deployment, worker })];
  const mixed: LoadTarget = {
    ...read,
    name: "get and put",
    request: (n, client) => (n % 10 === 0 ? write : read).request(n, client),
    classify: (status) => (status === 200 ? "ok" : "wrong"),
  };
  const { nextNumber } = context.sampling;
  const sizes: number[] = [];
  for (let interval = 0; interval < INTERVALS; interval += 1) {
    await runLoad(mixed, { clients: 16, seconds: 600, requests: REQUESTS / INTERVALS, nextNumber });
    sizes.push(readResidentMib(worker.pid));
  }
  await worker.kill();
  const early = spreadOf(sizes.slice(WARM_UP_INTERVALS, WARM_UP_INTERVALS + COMPARED_INTERVALS));
  const late = spreadOf(sizes.slice(-COMPARED_INTERVALS));
  const ratio = (value: number): number => value / early.median;
  const earlyRequests = ((WARM_UP_INTERVALS + COMPARED_INTERVALS) * REQUESTS) / INTERVALS;
  return [
    {
      benchmark: `memory of the worker after ${REQUESTS} requests`,
      comparedWith: `its first ${earlyRequests}`,
      unit: "MiB",
      measured: late.median,
      baseline: early.median,
      kind: "ratio",
      value: { median: ratio(late.median), min: ratio(late.min), max: ratio(late.max) },
      goal: { max: 1.1 },
    },
  ];
}

/** Reads the resident set size from Linux's procfs. */
function readResidentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}
