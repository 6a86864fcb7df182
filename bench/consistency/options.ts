import { usageError } from "../../tools/command/command-error.ts";
import { parseCommandLine } from "../../tools/command/parse-command-line.ts";
import { parseWholeNumber } from "../../tools/command/parse-whole-number.ts";
import { FAULT_NAMES, type FaultName } from "./faults/fault-counts.ts";

export const USAGE = `Usage: npm run verify:consistency -- [options]
       npm run verify:consistency -- --check FILE

Runs concurrent clients against several workers and one database, injects faults, reads everything back, and checks
that the history is strictly serializable. Ends after --ops operations or --seconds seconds, whichever comes first.

  --ops NUMBER      operations under faults                      (20000; unlimited if only --seconds is given)
  --seconds NUMBER  duration under faults                        (86400)
  --clients NUMBER  concurrent clients                           (32)
  --workers NUMBER  workers                                      (2)
  --seed NUMBER     seed of the requests and faults; the timing still differs from run to run  (1)
  --faults LIST     all, none, or a comma-separated list         (all)
  --out FOLDER      where summary.json and history.jsonl are written  (reports/consistency)
  --check FILE      check a history of an earlier run instead

Faults: ${FAULT_NAMES.join(", ")}`;

export interface RunOptions {
  readonly operations: number;
  readonly seconds: number;
  readonly clients: number;
  readonly workers: number;
  readonly seed: number;
  readonly faults: ReadonlySet<FaultName>;
  readonly out: string;
}

const MAX_OPERATIONS = 10_000_000;
const MAX_SECONDS = 86_400;

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
  const { ops, seconds, clients, workers, seed, faults = "all", out = "reports/consistency", check } = given;
  if (check !== undefined) return { check };
  const defaultOperations = seconds === undefined ? 20_000 : MAX_OPERATIONS;
  return {
    operations: parseWholeNumber(ops ?? String(defaultOperations), { option: "--ops", max: MAX_OPERATIONS }),
    seconds: parseWholeNumber(seconds ?? String(MAX_SECONDS), { option: "--seconds", max: MAX_SECONDS }),
    clients: parseWholeNumber(clients ?? "32", { option: "--clients", max: 1000 }),
    workers: parseWholeNumber(workers ?? "2", { option: "--workers", max: 16 }),
    seed: parseWholeNumber(seed ?? "1", { option: "--seed", max: 2 ** 31 }),
    faults: parseFaults(faults),
    out,
  };
}

function parseFaults(list: string): ReadonlySet<FaultName> {
  if (list === "all") return new Set(FAULT_NAMES);
  if (list === "none") return new Set();
  return new Set(list.split(",").map(parseFault));
}

function parseFault(text: string): FaultName {
  const name = FAULT_NAMES.find((known) => known === text);
  if (name !== undefined) return name;
  const known = FAULT_NAMES.join(", ");
  throw usageError(`Cannot use --faults "${text}": unknown fault. Use all, none, or some of ${known}`);
}
