import { usageError } from "../../tools/command/command-error.ts";
import { parseCommandLine } from "../../tools/command/parse-command-line.ts";
import { parseWholeNumber } from "../../tools/command/parse-whole-number.ts";
import { DATABASE_URL, type ExternalDatabase, readExternalDatabases } from "../../test/harness/external-database.ts";
import { FAULT_NAMES, type FaultName, NEED_DATABASE_PROCESS } from "./faults/fault-counts.ts";

export const USAGE = `Usage: npm run verify:consistency -- [options]
       npm run verify:consistency -- --check FILE

Runs concurrent clients against several workers and one database, injects faults, reads everything back, and checks
that the history is strictly serializable. The run goes on after --ops operations until every chosen fault and every
kind of response has occurred. It fails if one of them has not, or if the operations take longer than --seconds.

  --ops NUMBER      operations under faults                      (20000; unlimited if only --seconds is given)
  --seconds NUMBER  maximum duration under faults; the duration if --ops is not given  (86400)
  --clients NUMBER  concurrent clients                           (32)
  --workers NUMBER  workers                                      (2)
  --seed NUMBER     seed of the requests and faults; the timing still differs from run to run  (1)
  --faults LIST     all, none, or a comma-separated list         (all)
  --out FOLDER      where summary.json and history.jsonl are written  (reports/consistency)
  --check FILE      check a history of an earlier run instead

Faults: ${FAULT_NAMES.join(", ")}

If ${DATABASE_URL} is set, the run erases and uses that database instead of its own. It then cannot have the faults
${[...NEED_DATABASE_PROCESS].join(", ")}, which need the process of the database; "all" is all others.`;

export interface RunOptions {
  readonly operations: number;
  readonly seconds: number;
  readonly clients: number;
  readonly workers: number;
  readonly seed: number;
  readonly faults: ReadonlySet<FaultName>;
  readonly out: string;
  /** Replaces the database that a run starts. */
  readonly database?: ExternalDatabase;
}

/** The number of operations of a run that is only limited by its duration. */
export const MAX_OPERATIONS = 10_000_000;
const MAX_SECONDS = 86_400;

/** @throws CommandError with exit code 2 */
export function readOptions(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): RunOptions | { readonly check: string } | "help" {
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
  const [database] = readExternalDatabases(env);
  const defaultOperations = seconds === undefined ? 20_000 : MAX_OPERATIONS;
  return {
    operations: parseWholeNumber(ops ?? String(defaultOperations), { option: "--ops", max: MAX_OPERATIONS }),
    seconds: parseWholeNumber(seconds ?? String(MAX_SECONDS), { option: "--seconds", max: MAX_SECONDS }),
    clients: parseWholeNumber(clients ?? "32", { option: "--clients", max: 1000 }),
    workers: parseWholeNumber(workers ?? "2", { option: "--workers", max: 16 }),
    seed: parseWholeNumber(seed ?? "1", { option: "--seed", max: 2 ** 31 }),
    faults: parseFaults(faults, database !== undefined),
    out,
    ...(database !== undefined && { database }),
  };
}

function parseFaults(list: string, isExternal: boolean): ReadonlySet<FaultName> {
  if (list === "all") return new Set(FAULT_NAMES.filter((name) => !isExternal || !NEED_DATABASE_PROCESS.has(name)));
  if (list === "none") return new Set();
  const names = list.split(",").map(parseFault);
  const refused = names.find((name) => isExternal && NEED_DATABASE_PROCESS.has(name));
  if (refused === undefined) return new Set(names);
  throw usageError(`Cannot use --faults "${refused}": it needs the process of the database. Unset ${DATABASE_URL}`);
}

function parseFault(text: string): FaultName {
  const name = FAULT_NAMES.find((known) => known === text);
  if (name !== undefined) return name;
  const known = FAULT_NAMES.join(", ");
  throw usageError(`Cannot use --faults "${text}": unknown fault. Use all, none, or some of ${known}`);
}
