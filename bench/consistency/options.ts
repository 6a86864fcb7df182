import { usageError } from "../../tools/command/command-error.ts";
import { parseCommandLine } from "../../tools/command/parse-command-line.ts";
import { parseWholeNumber } from "../../tools/command/parse-whole-number.ts";
import {
  DATABASE_URL,
  ERASE,
  type ExternalDatabase,
  parseExternalDatabases,
  readExternalDatabases,
} from "../../test/harness/external-database.ts";
import { ROUTES } from "./cluster/routes.ts";
import { FAULT_NAMES, type FaultName, NEED_DATABASE_PROCESS, NEED_REPLICA_PROCESS } from "./faults/fault-counts.ts";
import type { Route } from "./history/history.ts";

export const USAGE = `Usage: npm run verify:consistency -- [options]
       npm run verify:consistency -- --check FILE

Runs concurrent clients against several workers, one database and its replicas, injects faults, reads everything back,
and checks that the history is strictly serializable. Reads from replicas may be older, within the bound of their worker
and not below their bookmark. The run goes on after --ops operations until every chosen fault and every
kind of response has occurred. It fails if one of them has not, or if the operations take longer than --seconds.

  --ops NUMBER      operations under faults                      (20000; unlimited if only --seconds is given)
  --seconds NUMBER  maximum duration under faults; the duration if --ops is not given  (86400)
  --clients NUMBER  concurrent clients                           (32)
  --replicas NUMBER replicas of the database                     (2)
  --lag NUMBER      milliseconds that replicas lag without faults  (20 and 400 in turn)
  --workers NUMBER  workers                                      (4; 2 without replicas)
  --routes LIST     how the workers reach the database, in turn  (${ROUTES.join(",")})
  --seed NUMBER     seed of the requests and faults; the timing still differs from run to run  (1)
  --faults LIST     all, none, or a comma-separated list         (all)
  --out FOLDER      where summary.json and history.jsonl are written  (reports/consistency)
  --primary URL     erase and use this running server instead of an own one
  --replica URL     a running replica of that server; may be repeated
  --check FILE      check a history of an earlier run instead

Faults: ${FAULT_NAMES.join(", ")}

Routes:
  primary          LIBSQL_URL is the primary
  through-replica  LIBSQL_URL is a replica
  replica-writes   writes load from a replica (LIBSQL_REPLICA_URL)
  replica-reads    reads and writes load from a replica (SPIKE_REPLICA_READS=1)

If ${DATABASE_URL} is set, the run erases and uses that database instead of its own, like --primary. A run with another
database cannot have the faults ${[...NEED_DATABASE_PROCESS].join(", ")}, which need the process of the database, and
${[...NEED_REPLICA_PROCESS].join(", ")}, which need the processes of the replicas; "all" is all others.
Such a database must be empty, or used by an earlier run, unless SPIKE_TEST_DATABASE_ERASE is its host.
SPIKE_TEST_DATABASE_AUTH_TOKEN is its token, and that of its replicas.`;

export interface RunOptions {
  readonly operations: number;
  readonly seconds: number;
  readonly clients: number;
  readonly workers: number;
  /** By worker. */
  readonly routes: readonly Route[];
  readonly replicas: number;
  /** How far replicas lag without a fault. By default, some lag for longer than others. */
  readonly lagMs?: number;
  readonly seed: number;
  readonly faults: ReadonlySet<FaultName>;
  readonly out: string;
  /** Replaces the database that a run starts. */
  readonly database?: ExternalDatabase;
  /** Replicas of that database. */
  readonly externalReplicas?: readonly ExternalDatabase[];
}

/** The number of operations of a run that is only limited by its duration. */
export const MAX_OPERATIONS = 10_000_000;
const MAX_SECONDS = 86_400;
const MAX_LAG_MS = 3_600_000;

const DEFAULT_WORKERS = 4;
const DEFAULT_WORKERS_WITHOUT_REPLICAS = 2;
const DEFAULT_REPLICAS = 2;

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
    replicas: text,
    lag: text,
    routes: text,
    seed: text,
    faults: text,
    out: text,
    primary: text,
    replica: { type: "string", multiple: true },
    check: text,
  });
  if (given === "help") return "help";
  const { ops, seconds, clients, workers, seed, faults = "all", out = "reports/consistency", check } = given;
  if (check !== undefined) return { check };
  const external = readExternal(given, env);
  const replicas = external?.externalReplicas.length ?? parseReplicas(given.replicas);
  const defaultOperations = seconds === undefined ? 20_000 : MAX_OPERATIONS;
  const defaultWorkers = replicas > 0 ? DEFAULT_WORKERS : DEFAULT_WORKERS_WITHOUT_REPLICAS;
  const workerCount = parseWholeNumber(workers ?? String(defaultWorkers), { option: "--workers", max: 16 });
  return {
    operations: parseWholeNumber(ops ?? String(defaultOperations), { option: "--ops", max: MAX_OPERATIONS }),
    seconds: parseWholeNumber(seconds ?? String(MAX_SECONDS), { option: "--seconds", max: MAX_SECONDS }),
    clients: parseWholeNumber(clients ?? "32", { option: "--clients", max: 1000 }),
    workers: workerCount,
    routes: parseRoutes(given.routes, { workers: workerCount, replicas, alone: aloneRoute(external, given) }),
    replicas,
    ...(given.lag !== undefined && { lagMs: parseWholeNumber(given.lag, { option: "--lag", max: MAX_LAG_MS }) }),
    seed: parseWholeNumber(seed ?? "1", { option: "--seed", max: 2 ** 31 }),
    faults: parseFaults(faults, { isExternal: external !== undefined, hasReplicas: replicas > 0 }),
    out,
    ...external,
  };
}

interface Given {
  readonly primary?: string;
  readonly replica?: readonly string[];
  readonly replicas?: string;
}

function readExternal(
  { primary, replica = [], replicas }: Given,
  env: NodeJS.ProcessEnv,
): { readonly database: ExternalDatabase; readonly externalReplicas: readonly ExternalDatabase[] } | undefined {
  const [ofVariable] = readExternalDatabases(env);
  const [ofOption, ...others] = parseExternalDatabases(primary ?? "", { env, source: "--primary" });
  if (others.length > 0) throw usageError("Cannot use --primary: it is a list. Use one URL");
  if (ofVariable !== undefined && ofOption !== undefined) {
    throw usageError(`Cannot use --primary: ${DATABASE_URL} is set. Unset it`);
  }
  const database = ofOption ?? ofVariable;
  // Only the primary is erased.
  const { [ERASE]: _, ...withoutErase } = env;
  const externalReplicas = parseExternalDatabases(replica.join(), { env: withoutErase, source: "--replica" });
  if (database === undefined) {
    if (externalReplicas.length > 0) throw usageError("Cannot use --replica: it needs --primary");
    return undefined;
  }
  if (replicas !== undefined) {
    throw usageError("Cannot use --replicas with another database: name its replicas with --replica");
  }
  return { database, externalReplicas };
}

function parseReplicas(text = String(DEFAULT_REPLICAS)): number {
  return text === "0" ? 0 : parseWholeNumber(text, { option: "--replicas", max: 8 });
}

function parseRoutes(
  list: string | undefined,
  { workers, replicas, alone }: { readonly workers: number; readonly replicas: number; readonly alone: Route },
): readonly Route[] {
  if (list !== undefined && replicas === 0) throw usageError("Cannot use --routes: there are no replicas");
  const chosen = list?.split(",").map(parseRoute) ?? (replicas === 0 ? [alone] : ROUTES);
  return Array.from({ length: workers }, (_, index) => chosen[index % chosen.length] ?? "primary");
}

/** The route without replicas. The variable may name any server of a database, also a replica. */
function aloneRoute(external: object | undefined, { primary }: Given): Route {
  return external !== undefined && primary === undefined ? "through-replica" : "primary";
}

function parseRoute(text: string): Route {
  const route = ROUTES.find((known) => known === text);
  if (route !== undefined) return route;
  throw usageError(`Cannot use --routes "${text}": unknown route. Use some of ${ROUTES.join(", ")}`);
}

interface Available {
  readonly isExternal: boolean;
  readonly hasReplicas: boolean;
}

function parseFaults(list: string, available: Available): ReadonlySet<FaultName> {
  if (list === "none") return new Set();
  if (list === "all") return new Set(FAULT_NAMES.filter((name) => reasonAgainst(name, available) === undefined));
  const names = list.split(",").map(parseFault);
  for (const name of names) {
    const reason = reasonAgainst(name, available);
    if (reason !== undefined) throw usageError(`Cannot use --faults "${name}": ${reason}`);
  }
  return new Set(names);
}

function reasonAgainst(name: FaultName, { isExternal, hasReplicas }: Available): string | undefined {
  if (isExternal && NEED_DATABASE_PROCESS.has(name)) {
    return `it needs the process of the database. Unset ${DATABASE_URL}, or leave out --primary`;
  }
  if (!NEED_REPLICA_PROCESS.has(name)) return undefined;
  if (isExternal) return "it needs the processes of the replicas. Leave out --primary and --replica";
  return hasReplicas ? undefined : "there are no replicas";
}

function parseFault(text: string): FaultName {
  const name = FAULT_NAMES.find((known) => known === text);
  if (name !== undefined) return name;
  const known = FAULT_NAMES.join(", ");
  throw usageError(`Cannot use --faults "${text}": unknown fault. Use all, none, or some of ${known}`);
}
