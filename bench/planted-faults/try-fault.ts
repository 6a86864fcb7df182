import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Summary } from "../consistency/summary.ts";
import { endWithUs } from "../../tools/command/end-with-us.ts";
import { applyEdit, type PlantedFault } from "./fault.ts";

/** What noticed a fault. */
export interface Verdict {
  readonly name: string;
  /** `history`: the harness, by these anomalies. `run`: the harness, which could not finish. `tests`: these. */
  readonly by: "history" | "run" | "tests" | "nothing";
  readonly what: string;
  /** Of the harness: how many operations had ended by then. */
  readonly after?: number;
}

/** Operations of the first run, and of a second one for what the first did not show. */
const RUNS: readonly number[] = [3000, 12_000];
const RUN_MS = 300_000;
const TESTS_MS = 300_000;

/** Whether nothing is noticed in the copy as it is: else nothing that is noticed means anything. @throws Error */
export async function requireSound(folder: string, tests: readonly string[], seed: number): Promise<void> {
  const noticed = await whoNotices(folder, { name: "none", edits: [], tests: [...new Set(tests)].sort() }, seed);
  if (noticed.by !== "nothing") throw new Error(`Without any fault, ${noticed.by} object: ${noticed.what}`);
}

/** Plants a fault in a copy of the project, sees who notices, and takes it out again. */
export async function tryFault(folder: string, fault: PlantedFault, seed: number): Promise<Verdict> {
  const sources = new Map(fault.edits.map(({ file }) => [file, readFileSync(join(folder, file), "utf8")]));
  try {
    for (const edit of fault.edits) {
      const file = join(folder, edit.file);
      writeFileSync(file, applyEdit(readFileSync(file, "utf8"), edit));
    }
    return { name: fault.name, ...(await whoNotices(folder, fault, seed)) };
  } finally {
    for (const [file, source] of sources) writeFileSync(join(folder, file), source);
  }
}

async function whoNotices(folder: string, fault: PlantedFault, seed: number): Promise<Omit<Verdict, "name">> {
  for (const operations of fault.unseen === true ? [] : RUNS) {
    const noticed = await askHarness(folder, operations, seed);
    if (noticed !== undefined) return noticed;
  }
  for (const test of fault.tests) {
    const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project", "node", "--bail", "1", test];
    if ((await run(folder, vitest, TESTS_MS)).code !== 0) return { by: "tests", what: test };
  }
  return { by: "nothing", what: "" };
}

async function askHarness(
  folder: string,
  operations: number,
  seed: number,
): Promise<Omit<Verdict, "name"> | undefined> {
  const out = join(folder, "reports/planted");
  rmSync(out, { recursive: true, force: true });
  const options = ["--ops", String(operations), "--seed", String(seed), "--out", out];
  const { code, output } = await run(folder, ["bench/verify-consistency.ts", ...options], RUN_MS);
  if (code === 0) return undefined;
  const file = join(out, "summary.json");
  if (!existsSync(file)) {
    // It may hang for the fault's sake. If it ends without a summary, it is the fault that is broken.
    if (code === null) return { by: "run", what: output };
    throw new Error(`Cannot run the harness:\n${output}`);
  }
  const { anomalies, firstAfter, problems } = JSON.parse(readFileSync(file, "utf8")) as Summary;
  const kinds = Object.entries(anomalies).sort(([, one], [, other]) => other - one);
  // A short run may miss a rare disturbance, and that is no sign of the fault.
  if (kinds.length === 0) return problems[0] === undefined ? undefined : { by: "run", what: problems[0] };
  const what = kinds.map(([kind, count]) => `${kind} ${count}`).join(", ");
  return { by: "history", what, ...(firstAfter !== undefined && { after: firstAfter }) };
}

async function run(
  folder: string,
  args: readonly string[],
  mostMs: number,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const late = setTimeout(() => child.kill("SIGKILL"), mostMs);
  const ended = once(child, "exit") as Promise<[number | null]>;
  const gone = endWithUs(child);
  const [code] = await ended;
  clearTimeout(late);
  await gone;
  return code === null ? { code, output: `it was not over after ${mostMs / 1000} s` } : { code, output };
}
