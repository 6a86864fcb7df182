import { mkdirSync, writeFileSync } from "node:fs";
import { copyProject } from "../tools/docs/copy-project.ts";
import { CommandError } from "../tools/command/command-error.ts";
import { parseCommandLine } from "../tools/command/parse-command-line.ts";
import { runCommand } from "../tools/command/run-command.ts";
import { PLANTED_FAULTS } from "./planted-faults/planted-faults.ts";
import { requireSound, tryFault, type Verdict } from "./planted-faults/try-fault.ts";

const USAGE = `Usage: npm run verify:planted -- [--only TEXT] [--seed X]

Breaks a copy of the source in one way after the other and shows what notices: the histories of verify:consistency, or
the tests. Takes about half a minute for each. --only takes those with TEXT in their names.`;

await runCommand(async () => {
  const options = parseCommandLine(process.argv.slice(2), { only: { type: "string" }, seed: { type: "string" } });
  if (options === "help") return console.log(USAGE);
  const faults = PLANTED_FAULTS.filter(({ name }) => name.includes(options.only ?? ""));
  const copy = copyProject();
  const verdicts: Verdict[] = [];
  try {
    await requireSound(
      copy.folder,
      faults.flatMap(({ tests }) => tests),
      Number(options.seed ?? "1"),
    );
    for (const fault of faults) {
      const verdict = await tryFault(copy.folder, fault, Number(options.seed ?? "1"));
      verdicts.push(verdict);
      console.log(rowOf(verdict));
      mkdirSync("reports", { recursive: true });
      writeFileSync("reports/planted-faults.json", `${JSON.stringify(verdicts, null, 2)}\n`);
    }
  } finally {
    copy.remove();
  }
  const missed = verdicts.filter(({ by }) => by === "nothing");
  console.log(`${verdicts.length} planted, ${verdicts.length - missed.length} noticed`);
  const masked = faults.filter((fault) => fault.masked !== undefined);
  if (missed.some(({ name }) => masked.every((fault) => fault.name !== name)))
    throw new CommandError("Some faults were not noticed", { exitCode: 1 });
});

function rowOf({ name, by, what, after }: Verdict): string {
  return `| ${name} | ${by === "nothing" ? "**not caught**" : `${by}: ${what}`} | ${after ?? ""} |`;
}
