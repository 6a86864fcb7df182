import { resolve } from "node:path";
import { usageError } from "../command/command-error.ts";
import { parseCommandLine } from "../command/parse-command-line.ts";
import { parseWholeNumber } from "../command/parse-whole-number.ts";

/** The options of `npm run dev:database`. */
export interface DatabaseOptions {
  readonly databasePort: number;
  /** Set if there is a replica of the database. */
  readonly replicaPort: number | undefined;
  /** Absolute path of the folder with the identity, the keys and the database. */
  readonly dir: string;
}

/** The options of `npm run dev`. */
export interface DevOptions extends DatabaseOptions {
  /** One for each instance. */
  readonly workerPorts: readonly number[];
}

/** How far the replica of `--replica` is behind, in milliseconds. */
export const REPLICA_DELAY_MS = 100;

const DATABASE_OPTIONS = `  --db-port NUMBER    port of the database                           (8080, or SPIKE_DEV_DB_PORT)
  --replica           also run a replica of the database, on the port after the database's. It applies each commit
                      ${REPLICA_DELAY_MS} ms later. Workers answer reads from it
  --dir FOLDER        folder of the identity, keys and database      (.dev, or SPIKE_DEV_DIR)
  --help              this text

Settings of the service, such as SPIKE_REQUEST_TIMEOUT_MS, are also read from the environment.`;

export const DEV_USAGE = `Usage: npm run dev -- [options]

Runs the service on this machine: a libSQL database and one or more workers. The first run creates an identity and keys
for development. Later runs use the same ones.

  --port NUMBER       port of the first worker; the others follow    (8787, or SPIKE_DEV_PORT)
  --instances NUMBER  number of workers on the database, 1 to 16     (1, or SPIKE_DEV_INSTANCES)
${DATABASE_OPTIONS}`;

export const DATABASE_USAGE = `Usage: npm run dev:database -- [options]

Writes .dev.vars and runs a libSQL database on this machine, so that "npx wrangler dev" works in another terminal. The
first run creates an identity and keys for development. Later runs use the same ones.

${DATABASE_OPTIONS}`;

const LAST_PORT = 65_535;
const MAX_INSTANCES = 16;
const TEXT = { type: "string" } as const;
const FLAG = { type: "boolean" } as const;

/** Reads the command line, then the environment. @throws CommandError with exit code 2 */
export function readDevOptions(args: readonly string[], env: NodeJS.ProcessEnv): DevOptions | "help" {
  const given = parseCommandLine(args, {
    port: TEXT,
    "db-port": TEXT,
    instances: TEXT,
    replica: FLAG,
    dir: TEXT,
  });
  if (given === "help") return "help";
  const port = readNumber(given.port, env, PORT);
  const databasePort = readNumber(given["db-port"], env, DATABASE_PORT);
  const instances = readNumber(given.instances, env, INSTANCES);
  const workerPorts = Array.from({ length: instances }, (_, index) => port + index);
  rejectPortConflict(workerPorts, databasePort, "database");
  const replicaPort = given.replica === true ? portAfter(databasePort) : undefined;
  if (replicaPort !== undefined) rejectPortConflict(workerPorts, replicaPort, "replica");
  return { workerPorts, databasePort, replicaPort, dir: devDir(given.dir, env) };
}

/** Reads the command line, then the environment. @throws CommandError with exit code 2 */
export function readDatabaseOptions(args: readonly string[], env: NodeJS.ProcessEnv): DatabaseOptions | "help" {
  const given = parseCommandLine(args, { "db-port": TEXT, replica: FLAG, dir: TEXT });
  if (given === "help") return "help";
  const databasePort = readNumber(given["db-port"], env, DATABASE_PORT);
  const replicaPort = given.replica === true ? portAfter(databasePort) : undefined;
  return { databasePort, replicaPort, dir: devDir(given.dir, env) };
}

/** The absolute path of the folder of development files. @throws CommandError with exit code 2 */
export function devDir(given: string | undefined, env: NodeJS.ProcessEnv): string {
  if (given === "") throw usageError('Cannot use "" as --dir: expected a folder');
  return resolve(given ?? (env["SPIKE_DEV_DIR"] || ".dev"));
}

interface NumberOption {
  readonly option: string;
  readonly variable: string;
  readonly byDefault: number;
  readonly max: number;
}

const PORT = { option: "--port", variable: "SPIKE_DEV_PORT", byDefault: 8787, max: LAST_PORT };
const DATABASE_PORT = { option: "--db-port", variable: "SPIKE_DEV_DB_PORT", byDefault: 8080, max: LAST_PORT };
const INSTANCES = { option: "--instances", variable: "SPIKE_DEV_INSTANCES", byDefault: 1, max: MAX_INSTANCES };

function readNumber(
  given: string | undefined,
  env: NodeJS.ProcessEnv,
  { option, variable, byDefault, max }: NumberOption,
): number {
  const text = given ?? (env[variable] || undefined);
  return text === undefined ? byDefault : parseWholeNumber(text, { option: `${option} or ${variable}`, max });
}

function portAfter(databasePort: number): number {
  if (databasePort < LAST_PORT) return databasePort + 1;
  throw usageError(`Cannot run the replica after port ${LAST_PORT}: it is the last port; choose another --db-port`);
}

function rejectPortConflict(workerPorts: readonly number[], port: number, user: "database" | "replica"): void {
  const [first = 0] = workerPorts;
  const count = workerPorts.length;
  if (workerPorts.some((port) => port > LAST_PORT)) {
    throw usageError(`Cannot run ${count} workers from port ${first}: the last port is ${LAST_PORT}; lower --port`);
  }
  if (workerPorts.includes(port)) {
    throw usageError(`Cannot run the ${user} on port ${port}: a worker uses it; choose another --db-port or --port`);
  }
}
