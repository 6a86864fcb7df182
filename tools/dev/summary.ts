import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { DevFolder } from "./dev-folder.ts";
import { type DatabaseOptions, type DevOptions, REPLICA_DELAY_MS } from "./options.ts";
import { originOf } from "./ports.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
/** Where `wrangler dev` listens unless another process uses this port. */
const WRANGLER_PORT = 8787;

/** The text that `npm run dev` prints once the workers answer. */
export function devSummary({ workerPorts, ...options }: DevOptions, folder: DevFolder): string {
  return [
    "",
    "SPIKE Edge is running.",
    "",
    ...workerPorts.map((port) => `  worker    ${originOf(port)}`),
    ...databaseAndToken(options, folder),
    "",
    "To write and read a secret, run these in another terminal, in this folder:",
    "",
    ...exampleRequests(originOf(workerPorts[0] ?? 0), shortPath(folder.superuserToken)),
    "",
    "Ctrl-C stops it.",
    "",
  ].join("\n");
}

/** The text that `npm run dev:database` prints once the database is ready. */
export function databaseSummary(options: DatabaseOptions, folder: DevFolder): string {
  return [
    "",
    "The database is running, and .dev.vars has the settings for a worker.",
    "",
    ...databaseAndToken(options, folder),
    "",
    "To start a worker, run this in another terminal, in this folder:",
    "",
    "  npx wrangler dev",
    "",
    `Then write and read a secret. If wrangler prints another port than ${WRANGLER_PORT}, use that one:`,
    "",
    ...exampleRequests(originOf(WRANGLER_PORT), shortPath(folder.superuserToken)),
    "",
    "Ctrl-C stops it.",
    "",
  ].join("\n");
}

function databaseAndToken(
  { databasePort, replicaPort }: Pick<DatabaseOptions, "databasePort" | "replicaPort">,
  folder: DevFolder,
): readonly string[] {
  const behind = `${REPLICA_DELAY_MS} ms behind the database`;
  return [
    `  database  ${originOf(databasePort)}  ${shortPath(folder.database)}`,
    ...(replicaPort === undefined
      ? []
      : [`  replica   ${originOf(replicaPort)}  ${shortPath(folder.replica)}, ${behind}`]),
    `  token     ${shortPath(folder.superuserToken)}, for a superuser, valid for 12 hours; "npm run token" creates others`,
  ];
}

/** Relative to the project folder for a path in it, otherwise the path itself. */
function shortPath(path: string): string {
  const short = relative(PROJECT, path);
  return short.startsWith("..") ? path : short;
}

function exampleRequests(origin: string, tokenFile: string): readonly string[] {
  const url = `${origin}/v1/store/secrets`;
  const header = `-H "Authorization: Bearer $(cat ${quoted(tokenFile)})"`;
  return [
    `  curl -sS -X POST '${url}' ${header} -d '{"path":"demo/hello","values":{"greeting":"hello"}}'`,
    `  curl -sS -X POST '${url}?action=get' ${header} -d '{"path":"demo/hello"}'`,
  ];
}

/** Quoted for a POSIX shell where needed. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
