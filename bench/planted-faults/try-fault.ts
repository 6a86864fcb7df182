import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Summary } from "../consistency/summary.ts";
import { endWithUs } from "../../tools/command/end-with-us.ts";
import { plantFault, type PlantedFault } from "./fault.ts";

export interface Verdict {
  readonly name: string;
  /**
   * What detected the fault: anomalies in the history of a run, a run that could not finish, or a test file. `details` names
   * the anomalies, the problem or the test file.
   */
  readonly detectedBy: "history" | "run" | "tests" | "nothing";
  readonly details: string;
  /** The number of operations that had completed when the first anomaly was visible. */
  readonly after?: number;
}

type Detection = Omit<Verdict, "name">;

/** Operations of the first run, and of a second one if the first shows no anomaly. */
const RUNS: readonly number[] = [3000, 12_000];
const RUN_MS = 600_000;
/** The exit code for a command line that is not understood. */
const USAGE_ERROR = 2;
const TESTS_MS = 300_000;

/** Checks that nothing is detected in the unchanged copy. Otherwise later detections prove nothing. @throws Error */
export async function requireNoDetection(folder: string, tests: readonly string[], seed: number): Promise<void> {
  const { detectedBy, details } = await detect(folder, { tests: [...new Set(tests)].sort() }, seed);
  if (detectedBy !== "nothing")
    throw new Error(`Cannot try faults: without any fault, ${detectedBy} fails: ${details}`);
}

/** Plants a fault in a copy of the project, finds out what detects it, and restores the copy. */
export async function tryFault(folder: string, fault: PlantedFault, seed: number): Promise<Verdict> {
  const read = (file: string): string => readFileSync(join(folder, file), "utf8");
  const planted = plantFault(fault, read);
  const originals = [...planted.keys()].map((file) => [file, read(file)] as const);
  try {
    for (const [file, source] of planted) writeFileSync(join(folder, file), source);
    return { name: fault.name, ...(await detect(folder, fault, seed)) };
  } finally {
    for (const [file, source] of originals) writeFileSync(join(folder, file), source);
  }
}

async function detect(
  folder: string,
  fault: Pick<PlantedFault, "testsOnly" | "tests">,
  seed: number,
): Promise<Detection> {
  for (const operations of fault.testsOnly === true ? [] : RUNS) {
    const detection = await detectInRun(folder, operations, seed);
    if (detection !== undefined) return detection;
  }
  for (const test of fault.tests) {
    const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project", "node", "--bail", "1", test];
    const { code } = await runNode(folder, vitest, TESTS_MS);
    if (code !== 0) return { detectedBy: "tests", details: test };
  }
  return { detectedBy: "nothing", details: "" };
}

async function detectInRun(folder: string, operations: number, seed: number): Promise<Detection | undefined> {
  const out = join(folder, "reports/planted");
  rmSync(out, { recursive: true, force: true });
  const options = ["--ops", String(operations), "--seed", String(seed), "--out", out];
  const { code, output } = await runNode(folder, ["bench/verify-consistency.ts", ...options], RUN_MS);
  if (code === 0) return undefined;
  if (code === USAGE_ERROR) throw new Error(`Cannot run verify-consistency:\n${output}`);
  const file = join(out, "summary.json");
  if (!existsSync(file)) {
    // The fault can make a run hang. A run that ends without a summary means that the planted code does not work at all.
    if (code === null) return { detectedBy: "run", details: output };
    throw new Error(`Cannot run verify-consistency:\n${output}`);
  }
  const { anomalies, firstAfter, problems } = JSON.parse(readFileSync(file, "utf8")) as Summary;
  const kinds = Object.entries(anomalies).sort(([, one], [, other]) => other - one);
  if (kinds.length === 0) {
    // Without a problem, the run failed because one of the injected faults never happened, as can be in a short run.
    return problems[0] === undefined ? undefined : { detectedBy: "run", details: problems[0] };
  }
  const details = kinds.map(([kind, count]) => `${kind} ${count}`).join(", ");
  return { detectedBy: "history", details, ...(firstAfter !== undefined && { after: firstAfter }) };
}

/** Runs Node. `code` is null if it did not end within `timeoutMs`. */
async function runNode(
  folder: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const exit = once(child, "exit") as Promise<[number | null]>;
  const closed = endWithUs(child);
  const [code] = await exit;
  clearTimeout(timer);
  await closed;
  return code === null ? { code, output: `it did not end within ${timeoutMs / 1000} s` } : { code, output };
}
