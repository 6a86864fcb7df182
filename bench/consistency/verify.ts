import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../../tools/command/command-error.ts";
import { scratchFolder } from "../../tools/command/scratch-folder.ts";
import { check } from "./checker/check.ts";
import { readHistory, writeHistory } from "./history/history-file.ts";
import type { RunOptions } from "./options.ts";
import { play } from "./run.ts";
import { isClean, printSummary, type Summary, summarizeRun } from "./summary.ts";

/** Plays a run, checks it, and prints what came of it. @throws CommandError if anything is wrong */
export async function verify(options: RunOptions, print: (line: string) => void): Promise<Summary> {
  const { out } = options;
  process.umask(0o077);
  process.env["WRANGLER_WRITE_LOGS"] = "false";
  mkdirSync(out, { recursive: true });
  const folder = scratchFolder();
  try {
    const run = await play(options, folder.path, (line) => print(`... ${line}`));
    const began = performance.now();
    const report = check(run.history);
    const summary = summarizeRun(options, run, { report, seconds: (performance.now() - began) / 1000 });
    for (const line of printSummary(summary)) print(line);
    writeFileSync(join(out, "summary.json"), `${JSON.stringify(summary, null, 2)}\n`);
    const kept = join(out, "history.jsonl");
    await writeHistory(kept, run.history);
    if (isClean(summary)) return summary;
    for (const anomaly of report.anomalies.slice(0, MOST_SHOWN)) print(JSON.stringify(anomaly));
    throw new CommandError(`The run shows what must not be; its history is in "${kept}"`, { exitCode: 1 });
  } finally {
    await folder.remove();
  }
}

const MOST_SHOWN = 20;

/** Checks a history that was kept. @throws CommandError if it shows an anomaly */
export async function recheck(file: string, print: (line: string) => void): Promise<void> {
  const history = await readHistory(file);
  const { anomalies, counts } = check(history);
  for (const anomaly of anomalies.slice(0, MOST_SHOWN)) print(JSON.stringify(anomaly));
  print(`${history.operations.length} operations, ${history.log.length} commits: ${JSON.stringify(counts)}`);
  if (anomalies.length > 0) throw new CommandError("The history shows what must not be", { exitCode: 1 });
}
