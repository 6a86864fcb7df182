import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DATABASE_URL, readExternalDatabases } from "../../test/harness/external-database.ts";
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
import { DeploymentPool, NeedsMoreDatabases } from "./deployment-pool.ts";
import { startDeployment } from "./setup/deployment.ts";

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

/** @throws CommandError if a benchmark has no result, or one that is not a number */
export function requireFigures(name: string, results: readonly Result[]): void {
  const isFigure = ({ measured, value }: Result): boolean => [measured, ...Object.values(value)].every(Number.isFinite);
  const missing = results.find((result) => !isFigure(result));
  if (results.length > 0 && missing === undefined) return;
  throw new CommandError(`Cannot report "${missing?.benchmark ?? name}": it measured nothing`, { exitCode: 1 });
}

async function measure(
  benchmarks: readonly Benchmark[],
  options: BenchOptions,
  print: (line: string) => void,
): Promise<readonly Result[]> {
  const scratch = scratchFolder();
  const built = await buildWorker();
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
    deployment: async (shape) => await deployments.get(shape),
    baseline: async (name, { env }) =>
      await getOrCreate(baselines, `${name} ${env["LIBSQL_URL"]}`, async () => {
        return await startBaseline(name, scratch.path, { ...env, BASELINE_KEY: key });
      }),
  };
  const databases = readExternalDatabases(process.env);
  const deployments = new DeploymentPool(async (shape, database) => {
    print(
      `… preparing a store with ${shape.secrets + (shape.longPaths ?? 0)} secrets and ` +
        `${shape.policies + (shape.unanchored ?? 0) + (shape.costly ?? 0)} policies`,
    );
    return await startDeployment({ ...context.options, database }, shape);
  }, databases);
  const results: Result[] = [];
  try {
    for (const { name, run } of benchmarks) {
      deployments.startBenchmark();
      const measured = await run(context).catch((error: unknown) => {
        if (!(error instanceof NeedsMoreDatabases)) throw error;
        print(`SKIPPED with ${DATABASE_URL}: "${name}" needs two databases`);
        return undefined;
      });
      if (measured === undefined) continue;
      requireFigures(name, measured);
      results.push(...measured);
      for (const result of measured) print(formatRow(result).filter(Boolean).join(" | "));
    }
    if (results.length === 0) throw new CommandError("Cannot report anything: no benchmark ran", { exitCode: 1 });
  } finally {
    await deployments.close();
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
