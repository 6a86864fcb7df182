import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testDomain } from "../../test/harness/identity.ts";
import { CommandError } from "../../tools/command/command-error.ts";
import { scratchFolder } from "../../tools/command/scratch-folder.ts";
import { buildWorker } from "../../tools/workerd/build-worker.ts";
import type { Worker } from "../../tools/workerd/start-worker.ts";
import type { BenchContext } from "./bench-context.ts";
import { type Benchmark, BENCHMARKS } from "./benchmarks/benchmarks.ts";
import { type Machine, thisMachine } from "./machine.ts";
import type { BenchOptions } from "./options.ts";
import { formatRow, formatTable, insertResults } from "./report.ts";
import type { Result } from "./result.ts";
import { startBaseline } from "./setup/baseline.ts";
import { type Deployment, startDeployment } from "./setup/deployment.ts";

/** Runs the selected benchmarks. Prints each result as soon as it is available, and the table at the end. */
export async function runBench(options: BenchOptions, print: (line: string) => void): Promise<void> {
  const benchmarks = BENCHMARKS.filter(({ name }) => name.includes(options.only));
  if (benchmarks.length === 0) {
    const names = BENCHMARKS.map(({ name }) => name).join(", ");
    throw new CommandError(`Cannot use --only "${options.only}": no benchmark name contains it (${names})`, {
      exitCode: 2,
    });
  }
  const results = await measure(benchmarks, options, print);
  writeResults(options, thisMachine(new Date()), results);
  print(`\n${formatTable(results)}`);
}

async function measure(
  benchmarks: readonly Benchmark[],
  options: BenchOptions,
  print: (line: string) => void,
): Promise<readonly Result[]> {
  const scratch = scratchFolder();
  const built = await buildWorker();
  const deployments = new Map<string, Promise<Deployment>>();
  const baselines = new Map<string, Promise<Worker>>();
  const domain = await testDomain();
  // Web Crypto does not accept the "use" value "jwt-svid".
  const key = JSON.stringify({ ...Reflect.get(domain.bundle, "keys")[0], use: "sig" });
  let requests = 0;
  const context: BenchContext = {
    options: { folder: scratch.path, built: built.folder, domain },
    sampling: { rounds: options.rounds, seconds: options.seconds, nextNumber: () => requests++ },
    secrets: options.secrets,
    policies: options.policies,
    deployment: async (shape) =>
      await getOrCreate(deployments, JSON.stringify(shape), async () => {
        print(
          `… preparing a store with ${shape.secrets + (shape.longPaths ?? 0)} secrets and ` +
            `${shape.policies + (shape.unanchored ?? 0) + (shape.costly ?? 0)} policies`,
        );
        return await startDeployment(context.options, shape);
      }),
    baseline: async (name, { database, env }) =>
      await getOrCreate(baselines, `${name} ${database.file}`, async () => {
        return await startBaseline(name, scratch.path, { ...env, BASELINE_KEY: key });
      }),
  };
  const results: Result[] = [];
  try {
    for (const { run } of benchmarks) {
      for (const result of await run(context)) {
        results.push(result);
        print(formatRow(result).filter(Boolean).join(" | "));
      }
    }
  } finally {
    await Promise.all([...deployments.values()].map(async (deployment) => await (await deployment).close()));
    await Promise.all([...baselines.values()].map(async (worker) => await (await worker).kill()));
    built.remove();
    await scratch.remove();
  }
  return results;
}

async function getOrCreate<T>(map: Map<string, Promise<T>>, key: string, create: () => Promise<T>): Promise<T> {
  const value = map.get(key) ?? create();
  map.set(key, value);
  return await value;
}

function writeResults(
  { out, page, rounds, seconds }: BenchOptions,
  machine: Machine,
  results: readonly Result[],
): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "results.json"), `${JSON.stringify({ machine, rounds, seconds, results }, null, 2)}\n`);
  if (page === undefined) return;
  const { date, cores, memory, system, node, workerd } = machine;
  const conditions = `${date}, ${cores}, ${memory}, ${system}, Node ${node}, workerd ${workerd}; ${rounds} rounds of ${seconds} s.`;
  writeFileSync(page, insertResults(readFileSync(page, "utf8"), `${conditions}\n\n${formatTable(results)}`));
}
