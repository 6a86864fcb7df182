import { parseArgs } from "node:util";
import { startDevDatabase, type DevDatabase } from "./server.ts";

const USAGE = `Usage: node tools/dev-database/main.ts --file PATH [--port NUMBER]

Serves a libSQL database file to this machine over HTTP.
Also read from the environment: DEV_DATABASE_FILE, DEV_DATABASE_PORT, and DEV_DATABASE_TOKEN for a bearer token.`;

interface Settings {
  readonly file: string;
  readonly port: number;
  readonly authToken: string | undefined;
}

function readSettings(args: readonly string[], env: NodeJS.ProcessEnv): Settings {
  const { values } = parseArgs({ args: [...args], options: { file: { type: "string" }, port: { type: "string" } } });
  const file = values.file ?? env["DEV_DATABASE_FILE"];
  const port = values.port ?? env["DEV_DATABASE_PORT"] ?? "8080";
  if (file === undefined || file === "") {
    throw new Error("Cannot start: neither --file nor DEV_DATABASE_FILE names a file");
  }
  if (!/^\d{1,5}$/u.test(port) || Number(port) > 65_535) {
    throw new Error(`Cannot listen on port "${port}": it is no number from 0 to 65535`);
  }
  return { file, port: Number(port), authToken: env["DEV_DATABASE_TOKEN"] };
}

async function start(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const settings = readSettings(args, env);
  const database = await startDevDatabase(settings);
  process.stdout.write(`database listening on ${database.url} (file ${settings.file})\n`);
  // `once`: a second signal ends the process the hard way.
  process.once("SIGINT", () => stop(database));
  process.once("SIGTERM", () => stop(database));
}

function stop(database: DevDatabase): void {
  database.close().catch(explain);
}

function explain(error: unknown): void {
  process.stderr.write(`${wordingOf(error)}\n`);
  process.exitCode = 1;
}

function wordingOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return "Cannot start: unknown error";
  }
  const { code, port } = error as NodeJS.ErrnoException & { readonly port?: number };
  if (code === "EADDRINUSE") {
    return `Cannot listen on port ${port}: another process uses it`;
  }
  return code?.startsWith("ERR_PARSE_ARGS") === true ? `${error.message}\n\n${USAGE}` : error.message;
}

await start(process.argv.slice(2), process.env).catch(explain);
