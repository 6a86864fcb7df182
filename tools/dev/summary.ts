import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { DevFolder } from "./dev-folder.ts";
import type { DevOptions } from "./options.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** What a developer sees when everything runs. */
export function summary({ workerPorts, databasePort }: DevOptions, folder: DevFolder): string {
  return [
    "",
    "SPIKE Edge is running.",
    "",
    ...workerPorts.map((port) => `  worker    ${origin(port)}`),
    `  database  ${origin(databasePort)}  ${name(folder.database)}`,
    `  token     ${name(folder.superuserToken)}, a superuser's, good for 12 hours; "npm run token" makes others`,
    "",
    "Write a secret and read it, in another terminal and this folder:",
    "",
    ...tryOut(origin(workerPorts[0] ?? 0), name(folder.superuserToken)),
    "",
    "Ctrl-C stops it.",
    "",
  ].join("\n");
}

function origin(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** In words of the project's folder if it lies there. */
function name(path: string): string {
  const name = relative(PROJECT, path);
  return name.startsWith("..") ? path : name;
}

function tryOut(origin: string, tokenFile: string): readonly string[] {
  const url = `${origin}/v1/store/secrets`;
  const header = `-H "Authorization: Bearer $(cat ${quoted(tokenFile)})"`;
  return [
    `  curl -sS -X POST '${url}' ${header} -d '{"path":"demo/hello","values":{"greeting":"hello"}}'`,
    `  curl -sS -X POST '${url}?action=get' ${header} -d '{"path":"demo/hello"}'`,
  ];
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
