import { once } from "node:events";
import { createServer } from "node:net";
import { CommandError } from "../command/command-error.ts";
import { isCode } from "./private-file.ts";

const OPTION = { worker: "--port", database: "--db-port", replica: "--db-port" } as const;

/** The URL of a server of this folder's commands. */
export function originOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/**
 * Checks that all ports are free on 127.0.0.1. wrangler would notice a used port only seconds later.
 *
 * @throws CommandError with exit code 1
 */
export async function requireFreePorts(ports: readonly number[], user: keyof typeof OPTION): Promise<void> {
  for (const port of ports) {
    const problem = await problemOf(port);
    if (problem === undefined) continue;
    const message = `Cannot start the ${user} on port ${port}: ${problem}; choose another port with ${OPTION[user]}`;
    throw new CommandError(message, { exitCode: 1 });
  }
}

async function problemOf(port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ port, host: "127.0.0.1", exclusive: true });
    await once(server, "listening");
  } catch (error) {
    if (isCode(error, "EADDRINUSE")) return "another process uses it";
    if (isCode(error, "EACCES")) return "this user has no permission to listen on it";
    throw error;
  }
  server.close();
  await once(server, "close");
  return undefined;
}
