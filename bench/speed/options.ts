import { CommandError } from "../../tools/command/command-error.ts";
import { parseCommandLine } from "../../tools/command/parse-command-line.ts";

export const BENCH_USAGE = `Usage: npm run bench -- [--only TEXT] [--rounds N] [--seconds S] [--secrets N] [--policies N]
         [--out FOLDER] [--page FILE]

Compares the worker, running in workerd, with minimal baseline workers under the same load, in alternating rounds.
Compare the ratios: absolute times depend on the machine. A complete run takes about half an hour.

--only      run only the benchmarks whose names contain TEXT
--rounds    number of times each pair is measured (5)
--seconds   load time of each side per round (2)
--secrets   number of secrets in the large store (1000000)
--policies  number of policies in the largest set (100000)
--out       output folder for results.json (reports/speed)
--page      write the table to this page, between its markers`;

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
export function readBenchOptions(args: readonly string[]): BenchOptions | "help" {
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
    throw new CommandError("Cannot combine --page with --only: the page would lose all other results", { exitCode: 2 });
  }
  return {
    only: given.only ?? "",
    rounds: parseInteger("rounds", given.rounds ?? "5", 1000),
    seconds: parseInteger("seconds", given.seconds ?? "2", 600),
    secrets: parseInteger("secrets", given.secrets ?? "1000000", 10_000_000),
    policies: parseInteger("policies", given.policies ?? "100000", 1_000_000),
    out: given.out ?? "reports/speed",
    page: given.page,
  };
}

function parseInteger(name: string, text: string, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new CommandError(`Cannot use --${name} "${text}": it must be an integer from 1 to ${max}`, { exitCode: 2 });
}
