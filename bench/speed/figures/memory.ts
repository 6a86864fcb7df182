import { readFileSync } from "node:fs";
import { gets, puts } from "../asks.ts";
import { drive } from "../load/drive.ts";
import type { Side } from "../load/side.ts";
import type { Result } from "../result.ts";
import { type Scene, SMALL } from "../scene.ts";
import { spreadOf } from "../statistics.ts";

const REQUESTS = 200_000;
const LEGS = 20;
/** By then the heap has come to its size. */
const SETTLED = 4;
/** How many legs at either end are looked at: in between, garbage comes and goes. */
const LOOKED_AT = 5;

/** Whether a worker keeps anything: its memory after 200 000 requests, one in ten of them a put. */
export async function memory(scene: Scene): Promise<Result[]> {
  const stage = await scene.stage(SMALL);
  const worker = await stage.startWorker();
  const [read, write] = [gets({ ...stage, worker }), puts({ ...stage, worker })];
  const mixed: Side = {
    ...read,
    name: "get and put",
    ask: (n, client) => (n % 10 === 0 ? write : read).ask(n, client),
    worth: (status) => (status === 200 ? "good" : "wrong"),
  };
  const sizes: number[] = [];
  for (let leg = 0; leg < LEGS; leg += 1) {
    await drive(mixed, { clients: 16, seconds: 600, requests: REQUESTS / LEGS }, scene.pace.next);
    sizes.push(residentMib(worker.pid));
  }
  await worker.kill();
  const early = spreadOf(sizes.slice(SETTLED, SETTLED + LOOKED_AT));
  const late = spreadOf(sizes.slice(-LOOKED_AT));
  const ratio = (value: number): number => value / early.median;
  return [
    {
      figure: `memory of the worker, end of ${REQUESTS} requests`,
      against: `its first ${((SETTLED + LOOKED_AT) * REQUESTS) / LEGS}`,
      unit: "MiB",
      ours: late.median,
      base: early.median,
      kind: "ratio",
      value: { median: ratio(late.median), least: ratio(late.least), most: ratio(late.most) },
      goal: { most: 1.1 },
    },
  ];
}

/** Linux's. */
function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}
