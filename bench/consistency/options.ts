import { CommandError } from "../../tools/command/command-error.ts";
import { parseCommandLine } from "../../tools/command/parse-command-line.ts";
import { FAULT_NAMES, type FaultName } from "./faults/fault-name.ts";

export const USAGE = `Usage: npm run verify:consistency -- [--ops N] [--seconds S] [--clients C] [--workers W] [--seed X]
         [--faults all|none|LIST] [--out FOLDER]
       npm run verify:consistency -- --check FILE

Lets C clients (32) use W workers (2) over one database for N operations (20000) or S seconds, whichever ends first,
disturbs them, reads everything back, and checks that all of it is explained by one order of all changes.

LIST     names out of: ${FAULT_NAMES.join(", ")}
--seed   another plan of what clients do and what goes wrong (1); timing is never the same twice
--out    where the summary and the history go (reports/consistency)
--check  checks a history that was kept`;

export interface RunOptions {
  readonly operations: number;
  readonly seconds: number;
  readonly clients: number;
  readonly workers: number;
  readonly seed: number;
  readonly faults: ReadonlySet<FaultName>;
  readonly out: string;
}

const MOST = 10_000_000;

/** @throws CommandError with exit code 2 */
export function readOptions(args: readonly string[]): RunOptions | { readonly check: string } | "help" {
  const text = { type: "string" } as const;
  const given = parseCommandLine(args, {
    ops: text,
    seconds: text,
    clients: text,
    workers: text,
    seed: text,
    faults: text,
    out: text,
    check: text,
  });
  if (given === "help") return "help";
  if (given.check !== undefined) return { check: given.check };
  return {
    // Who names seconds alone wants all that fits into them.
    operations: wholeNumber("ops", given.ops ?? (given.seconds === undefined ? "20000" : String(MOST)), MOST),
    seconds: wholeNumber("seconds", given.seconds ?? "86400", 86_400),
    clients: wholeNumber("clients", given.clients ?? "32", 1000),
    workers: wholeNumber("workers", given.workers ?? "2", 16),
    seed: wholeNumber("seed", given.seed ?? "1", 2 ** 31),
    faults: faultsOf(given.faults ?? "all"),
    out: given.out ?? "reports/consistency",
  };
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d{1,10}$/.test(text) && value >= 1 && value <= most) return value;
  throw new CommandError(`Cannot use --${name} "${text}": it has to be a whole number from 1 to ${most}`, {
    exitCode: 2,
  });
}

function faultsOf(list: string): ReadonlySet<FaultName> {
  if (list === "all") return new Set(FAULT_NAMES);
  if (list === "none") return new Set();
  return new Set(
    list.split(",").map((text) => {
      const name = FAULT_NAMES.find((known) => known === text);
      if (name !== undefined) return name;
      throw new CommandError(`Cannot use --faults "${text}": known are all, none, ${FAULT_NAMES.join(", ")}`, {
        exitCode: 2,
      });
    }),
  );
}
