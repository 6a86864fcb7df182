import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../../tools/command/command-error.ts";
import { scratchFolder } from "../../tools/command/scratch-folder.ts";
import type { Anomaly } from "./checker/anomaly.ts";
import { missingCases } from "./checker/cases.ts";
import { check } from "./checker/check.ts";
import { readHistory, writeHistory } from "./history/history-file.ts";
import type { RunOptions } from "./options.ts";
import { run } from "./run.ts";
import { isClean, printSummary, type Summary, summarize } from "./summary.ts";

type Print = (line: string) => void;

const MAX_PRINTED = 20;

/** Runs the workload, checks its history, and writes both to `options.out`. @throws CommandError on any problem */
export async function verify(options: RunOptions, print: Print): Promise<Summary> {
  const { out } = options;
  process.umask(0o077);
  process.env["WRANGLER_WRITE_LOGS"] = "false";
  mkdirSync(out, { recursive: true });
  const folder = scratchFolder();
  try {
    const recorded = await run(options, folder.path, (line) => print(`... ${line}`));
    const startedAt = performance.now();
    const report = check(recorded.history);
    const summary = summarize(options, recorded, { report, seconds: (performance.now() - startedAt) / 1000 });
    for (const line of printSummary(summary)) print(line);
    writeFileSync(join(out, "summary.json"), `${JSON.stringify(summary, null, 2)}\n`);
    const file = join(out, "history.jsonl");
    await writeHistory(file, recorded.history);
    if (isClean(summary)) return summary;
    printAnomalies(report.anomalies, print);
    throw new CommandError(`The run has anomalies or problems. Its history is in "${file}"`, { exitCode: 1 });
  } finally {
    await folder.remove();
  }
}

/** Checks the history in a file. @throws CommandError if it has an anomaly, or nothing of some kind to check */
export async function checkFile(file: string, print: Print): Promise<void> {
  const history = await readHistory(file);
  const { anomalies, counts, cases } = check(history);
  printAnomalies(anomalies, print);
  print(`${history.operations.length} operations, ${history.auditLog.length} commits: ${JSON.stringify(counts)}`);
  const { clients = Infinity, faults } = history;
  const missing = missingCases(cases, { ...history, clients, faults: faults && new Set(faults) });
  for (const problem of missing) print(`PROBLEM      ${problem}`);
  if (anomalies.length > 0) throw new CommandError(`The history in "${file}" has anomalies`, { exitCode: 1 });
  if (missing.length > 0) throw new CommandError(`The history in "${file}" proves too little`, { exitCode: 1 });
}

function printAnomalies(anomalies: readonly Anomaly[], print: Print): void {
  for (const anomaly of anomalies.slice(0, MAX_PRINTED)) print(JSON.stringify(anomaly));
}
