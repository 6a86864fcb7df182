import { CommandError } from "../command/command-error.ts";
import { scratchFolder } from "../command/scratch-folder.ts";
import { DEV_AUDIENCE, DEV_SUPERUSER, DEV_TRUST_DOMAIN } from "../dev/identity.ts";
import { type ApiClient, createApiClient } from "./api-client.ts";
import { type Cluster, startCluster, WORKERS } from "./cluster.ts";
import { createLedger } from "./ledger.ts";
import type { DemoContext, Step } from "./step.ts";
import { auditCheck } from "./steps/audit-check.ts";
import { conflict } from "./steps/conflict.ts";
import { keyRotation } from "./steps/key-rotation.ts";
import { policyGrant } from "./steps/policy-grant.ts";
import { replica } from "./steps/replica.ts";
import { revocation } from "./steps/revocation.ts";
import { simultaneousWrites } from "./steps/simultaneous-writes.ts";
import { softDelete } from "./steps/soft-delete.ts";
import { workerCrash } from "./steps/worker-crash.ts";

export const DEMO_USAGE = `Usage: npm run demo

Starts two workers and one database on free ports. Both workers serve the same secrets at the same time, while one is
killed repeatedly and the root key is rotated. Checks that no write is lost, duplicated or read differently by the two
workers, and that a replica of the database never hides a client's own writes. Takes less than a minute and removes everything it creates.`;

const STEPS: readonly Step[] = [
  simultaneousWrites,
  conflict,
  softDelete,
  policyGrant,
  revocation,
  workerCrash,
  keyRotation,
  replica,
  auditCheck,
];
const WORKLOAD = `spiffe://${DEV_TRUST_DOMAIN}/app/billing`;
const MAX_SECONDS = 45;

/** Runs all steps and prints their results. @throws CommandError if a check fails or `stop` aborts */
export async function runDemo(stop: AbortSignal): Promise<void> {
  const timeout = AbortSignal.timeout(MAX_SECONDS * 1000);
  const signal = AbortSignal.any([stop, timeout]);
  try {
    await inScratchFolder(async (dir) => await runSteps(dir, signal));
  } catch (error) {
    if (!signal.aborted) throw error;
    const reason = stop.aborted ? "it was stopped" : `it did not end within ${MAX_SECONDS} seconds`;
    throw new CommandError(`Cannot finish the demo: ${reason}`, { exitCode: 1, cause: error });
  }
  console.log("demo: ok");
}

/** Runs `work` with a private temporary folder for keys, the database and the files of child processes. */
async function inScratchFolder(work: (dir: string) => Promise<void>): Promise<void> {
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

async function runSteps(dir: string, signal: AbortSignal): Promise<void> {
  console.log("SPIKE Edge stores secrets in one database. Any number of workers serve them. A worker keeps no state");
  console.log("between requests. This demo starts two workers on this machine and uses both at the same time.\n");
  const cluster = await startCluster(dir, signal);
  try {
    for (const worker of WORKERS) console.log(`   worker ${worker}  ${cluster.urlOf(worker)}`);
    const context = await createContext(cluster, signal);
    for (const [index, step] of STEPS.entries()) {
      signal.throwIfAborted();
      console.log(`\n${index + 1}. ${step.title}`);
      for (const line of await step.run(context)) console.log(`   ${line}`);
    }
    console.log("");
  } finally {
    await cluster.close();
  }
}

async function createContext(cluster: Cluster, signal: AbortSignal): Promise<DemoContext> {
  const ledger = createLedger();
  const clientFor = async (spiffeId: string): Promise<ApiClient> => {
    const token = await cluster.identity.mint(spiffeId, { aud: DEV_AUDIENCE, ttlSeconds: 600 });
    return createApiClient(spiffeId, { token, urlOf: (worker) => cluster.urlOf(worker), ledger, signal });
  };
  return { cluster, superuser: await clientFor(DEV_SUPERUSER), workload: await clientFor(WORKLOAD), ledger };
}
