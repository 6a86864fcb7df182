import { resolve } from "node:path";
import { CommandError } from "../command/command-error.ts";
import { parseCommandLine } from "../command/parse-command-line.ts";

/** What `npm run dev` is asked for. */
export interface DevOptions {
  /** One for each instance. */
  readonly workerPorts: readonly number[];
  readonly databasePort: number;
  /** Absolute path of the folder that holds the identity, the keys and the database. */
  readonly dir: string;
}

export const DEV_USAGE = `Usage: npm run dev -- [options]

Runs the service on this machine: a libSQL database, and workers in front of it. The first run makes an identity and
keys for development, and all of that is kept from run to run.

  --port NUMBER       port of the first worker; others follow it   (8787, or SPIKE_DEV_PORT)
  --db-port NUMBER    port of the database                         (8080, or SPIKE_DEV_DB_PORT)
  --instances NUMBER  how many workers share the database, 1 to 16 (1, or SPIKE_DEV_INSTANCES)
  --dir FOLDER        where everything is kept                     (.dev, or SPIKE_DEV_DIR)
  --help              this text

Settings of the service, such as SPIKE_REQUEST_TIMEOUT_MS, are taken from the environment too.`;

const LAST_PORT = 65_535;

const NUMBERS = {
  port: { variable: "SPIKE_DEV_PORT", absent: 8787, most: LAST_PORT },
  "db-port": { variable: "SPIKE_DEV_DB_PORT", absent: 8080, most: LAST_PORT },
  instances: { variable: "SPIKE_DEV_INSTANCES", absent: 1, most: 16 },
} as const;

type NumberName = keyof typeof NUMBERS;

/** Reads the command line, then the environment. @throws CommandError with exit code 2 */
export function readDevOptions(args: readonly string[], env: NodeJS.ProcessEnv): DevOptions | "help" {
  const given = parseCommandLine(args, {
    port: { type: "string" },
    "db-port": { type: "string" },
    instances: { type: "string" },
    dir: { type: "string" },
  });
  if (given === "help") return "help";
  const number = (name: NumberName): number =>
    wholeNumber(name, given[name] ?? (env[NUMBERS[name].variable] || undefined));
  const port = number("port");
  const databasePort = number("db-port");
  const instances = number("instances");
  const workerPorts = Array.from({ length: instances }, (_, index) => port + index);
  refuseClash(workerPorts, databasePort);
  return { workerPorts, databasePort, dir: devDir(given.dir, env) };
}

/** The folder of development files that a command means. @throws CommandError with exit code 2 */
export function devDir(given: string | undefined, env: NodeJS.ProcessEnv): string {
  if (given === "") throw usage('Cannot use "" as --dir: it names no folder');
  return resolve(given ?? (env["SPIKE_DEV_DIR"] || ".dev"));
}

function wholeNumber(name: NumberName, text: string | undefined): number {
  const { variable, absent, most } = NUMBERS[name];
  if (text === undefined) return absent;
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= most) return number;
  throw usage(
    `Cannot use ${JSON.stringify(text)} as --${name} or ${variable}: it is no whole number from 1 to ${most}`,
  );
}

function refuseClash(workerPorts: readonly number[], databasePort: number): void {
  const [first = 0] = workerPorts;
  const count = workerPorts.length;
  if (workerPorts.some((port) => port > LAST_PORT)) {
    throw usage(`Cannot run ${count} workers from port ${first} on: the last port is ${LAST_PORT}; lower --port`);
  }
  if (workerPorts.includes(databasePort)) {
    throw usage(`Cannot run the database on port ${databasePort}: a worker has it; choose another --db-port or --port`);
  }
}

function usage(message: string): CommandError {
  return new CommandError(message, { exitCode: 2 });
}
