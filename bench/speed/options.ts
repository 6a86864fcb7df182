import { DATABASE_URL } from "../../test/harness/external-database.ts";
import { usageError } from "../../tools/command/command-error.ts";
import { parseCommandLine } from "../../tools/command/parse-command-line.ts";
import { parseWholeNumber } from "../../tools/command/parse-whole-number.ts";

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
--page      write the table to this page, between its markers

If ${DATABASE_URL} is set, benchmarks erase and use those databases instead of their own. Some need two.`;

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
    throw usageError("Cannot combine --page with --only: the page would lose all other results");
  }
  return {
    only: given.only ?? "",
    rounds: parseWholeNumber(given.rounds ?? "5", { option: "--rounds", max: 1000 }),
    seconds: parseWholeNumber(given.seconds ?? "2", { option: "--seconds", max: 600 }),
    secrets: parseWholeNumber(given.secrets ?? "1000000", { option: "--secrets", max: 10_000_000 }),
    policies: parseWholeNumber(given.policies ?? "100000", { option: "--policies", max: 1_000_000 }),
    out: given.out ?? "reports/speed",
    page: given.page,
  };
}
