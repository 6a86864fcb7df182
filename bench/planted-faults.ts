import { mkdirSync, writeFileSync } from "node:fs";
import { copyProject } from "../tools/docs/copy-project.ts";
import { CommandError, usageError } from "../tools/command/command-error.ts";
import { parseCommandLine } from "../tools/command/parse-command-line.ts";
import { parseWholeNumber } from "../tools/command/parse-whole-number.ts";
import { runCommand } from "../tools/command/run-command.ts";
import { PLANTED_FAULTS } from "./planted-faults/planted-faults.ts";
import { requireNoDetection, tryFault, type Verdict } from "./planted-faults/try-fault.ts";

const USAGE = `Usage: npm run verify:planted -- [--only TEXT] [--seed X]

Plants one fault after the other in a copy of the source, and shows what detects it: the history of a run of
verify:consistency, or a test. Each fault takes about half a minute. --only selects the faults whose names contain TEXT.`;

await runCommand(async () => {
  const options = parseCommandLine(process.argv.slice(2), { only: { type: "string" }, seed: { type: "string" } });
  if (options === "help") return console.log(USAGE);
  const faults = PLANTED_FAULTS.filter(({ name }) => name.includes(options.only ?? ""));
  if (faults.length === 0) throw usageError(`Cannot plant "${options.only}": no fault has a name that contains it`);
  const seed = parseWholeNumber(options.seed ?? "1", { option: "--seed", max: 2 ** 31 });
  const copy = copyProject();
  const verdicts: Verdict[] = [];
  try {
    await requireNoDetection(
      copy.folder,
      faults.flatMap(({ tests }) => tests),
      seed,
    );
    for (const fault of faults) {
      const verdict = await tryFault(copy.folder, fault, seed);
      verdicts.push(verdict);
      console.log(rowOf(verdict));
      mkdirSync("reports", { recursive: true });
      writeFileSync("reports/planted-faults.json", `${JSON.stringify(verdicts, null, 2)}\n`);
    }
  } finally {
    copy.remove();
  }
  const missed = verdicts.filter(({ detectedBy }) => detectedBy === "nothing");
  console.log(`${verdicts.length} faults planted, ${verdicts.length - missed.length} detected`);
  const undetectable = new Set(faults.filter((fault) => fault.undetectable !== undefined).map(({ name }) => name));
  if (missed.some(({ name }) => !undetectable.has(name))) {
    throw new CommandError("Some faults were not detected", { exitCode: 1 });
  }
});

function rowOf({ name, detectedBy, details, after }: Verdict): string {
  return `| ${name} | ${detectedBy === "nothing" ? "**nothing**" : `${detectedBy}: ${details}`} | ${after ?? ""} |`;
}
