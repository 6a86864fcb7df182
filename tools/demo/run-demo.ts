import { CommandError } from "../command/command-error.ts";
import { DEV_AUDIENCE, DEV_SUPERUSER, DEV_TRUST_DOMAIN } from "../dev/identity.ts";
import { type Caller, caller } from "./caller.ts";
import { conflict } from "./conflict.ts";
import { type Edge, startEdge, WORKERS } from "./edge.ts";
import { grant } from "./grant.ts";
import { killedWorker } from "./killed-worker.ts";
import { emptyLedger } from "./ledger.ts";
import { rotation } from "./rotation.ts";
import { revocation } from "./revocation.ts";
import type { Scene, Step } from "./scene.ts";
import { scratchFolder } from "../command/scratch-folder.ts";
import { simultaneousWrites } from "./simultaneous-writes.ts";
import { softDelete } from "./soft-delete.ts";
import { wholeRun } from "./whole-run.ts";

export const DEMO_USAGE = `Usage: npm run demo

Starts two workers over one database on free ports, lets them serve the same secrets at the same time, one of them die,
and checks that nothing is lost, doubled or seen differently. It takes some seconds and leaves nothing behind.`;

const STEPS: readonly Step[] = [
  simultaneousWrites,
  conflict,
  softDelete,
  grant,
  revocation,
  killedWorker,
  rotation,
  wholeRun,
];
const WORKLOAD = `spiffe://${DEV_TRUST_DOMAIN}/app/billing`;
const LONGEST_SECONDS = 45;

/** Plays all steps and prints what happens. @throws CommandError if anything is not as promised, or `stop` aborts */
export async function runDemo(stop: AbortSignal): Promise<void> {
  const late = AbortSignal.timeout(LONGEST_SECONDS * 1000);
  const signal = AbortSignal.any([stop, late]);
  try {
    await inScratchFolder(async (dir) => await playOn(dir, signal));
  } catch (error) {
    if (!signal.aborted) throw error;
    const why = stop.aborted ? "it was stopped" : `it is not over after ${LONGEST_SECONDS} seconds`;
    throw new CommandError(`Cannot finish the demo: ${why}`, { exitCode: 1, cause: error });
  }
  console.log("demo: ok");
}

async function inScratchFolder(work: (dir: string) => Promise<void>): Promise<void> {
  // For keys, the database and whatever the programs write that are started here.
  process.umask(0o077);
  const folder = scratchFolder();
  process.env["TMPDIR"] = folder.path;
  process.env["WRANGLER_WRITE_LOGS"] = "false";
  try {
    await work(folder.path);
  } finally {
    await folder.remove();
  }
}

async function playOn(dir: string, signal: AbortSignal): Promise<void> {
  console.log(
    "SPIKE Edge keeps secrets in one database; any number of workers serve them and keep nothing themselves.",
  );
  console.log("Here are two workers, real processes on this machine, and clients that use both at the same time.\n");
  const edge = await startEdge(dir, signal);
  try {
    for (const worker of WORKERS) console.log(`   worker ${worker}  ${edge.urlOf(worker)}`);
    const scene = await sceneOn(edge, signal);
    for (const [index, step] of STEPS.entries()) {
      signal.throwIfAborted();
      console.log(`\n${index + 1}. ${step.title}`);
      for (const line of await step.run(scene)) console.log(`   ${line}`);
    }
    console.log("");
  } finally {
    await edge.close();
  }
}

async function sceneOn(edge: Edge, signal: AbortSignal): Promise<Scene> {
  const ledger = emptyLedger();
  const callerOf = async (spiffeId: string): Promise<Caller> => {
    const token = await edge.identity.mint(spiffeId, { aud: DEV_AUDIENCE, ttlSeconds: 600 });
    return caller(spiffeId, { token, urlOf: (worker) => edge.urlOf(worker), ledger, signal });
  };
  return { edge, superuser: await callerOf(DEV_SUPERUSER), workload: await callerOf(WORKLOAD), ledger };
}
