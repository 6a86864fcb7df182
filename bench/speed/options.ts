import { CommandError } from "../../tools/command/command-error.ts";
import { parseCommandLine } from "../../tools/command/parse-command-line.ts";

export const USAGE = `Usage: npm run bench -- [--only TEXT] [--rounds N] [--seconds S] [--secrets N] [--policies N]
         [--out FOLDER] [--page FILE]

Measures the worker, in workerd, against bare workers that do the least there is to do, in turn and under the same load.
Ratios count; absolute times are this machine's. All of it takes about half an hour.

--only      takes those figures with TEXT in their names
--rounds    how often each pair is measured (5)
--seconds   how long each side of a pair is loaded in a round (2)
--secrets   size of the large store (1000000)
--policies  size of the largest set of policies (100000)
--out       where results.json goes (reports/speed)
--page      writes the table into this page, between its marks`;

export interface BenchOptions {
  readonly only: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly secrets: number;
  readonly policies: number;
  readonly out: string;
  readonly page: string | undefined;
}

/** @throws CommandError with exit code 2 */
export function readOptions(args: readonly string[]): BenchOptions | "help" {
  const text = { type: "string" } as const;
  const given = parseCommandLine(args, {
    only: text,
    rounds: text,
    seconds: text,
    secrets: text,
    policies: text,
    out: text,
    page: text,
  });
  if (given === "help") return "help";
  if (given.page !== undefined && given.only !== undefined) {
    throw new CommandError("--page with --only would leave the other figures out: take one of them", { exitCode: 2 });
  }
  return {
    only: given.only ?? "",
    rounds: wholeNumber("rounds", given.rounds ?? "5", 1000),
    seconds: wholeNumber("seconds", given.seconds ?? "2", 600),
    secrets: wholeNumber("secrets", given.secrets ?? "1000000", 10_000_000),
    policies: wholeNumber("policies", given.policies ?? "100000", 1_000_000),
    out: given.out ?? "reports/speed",
    page: given.page,
  };
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw new CommandError(`--${name} is ${text}: take a whole number from 1 to ${most}`, { exitCode: 2 });
}
