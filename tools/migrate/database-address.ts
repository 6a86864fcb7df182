import { CommandError } from "../command/command-error.ts";

/** A database as its client names it. */
export interface DatabaseAddress {
  readonly url: string;
  readonly authToken?: string | undefined;
}

const PROTOCOLS: readonly string[] = ["libsql:", "https:", "http:"];

/** Reads `LIBSQL_URL` and `LIBSQL_AUTH_TOKEN`, and never quotes either. @throws CommandError with exit code 2 */
export function readDatabaseAddress(env: NodeJS.ProcessEnv): DatabaseAddress {
  const url = env["LIBSQL_URL"] ?? "";
  if (url === "") throw usage("it is not set; name the database, as in LIBSQL_URL=http://127.0.0.1:8080");
  if (!URL.canParse(url)) throw usage("it is no URL");
  const { protocol, username, password, searchParams } = new URL(url);
  if (!PROTOCOLS.includes(protocol)) throw usage("it is no libsql:, https: or http: URL");
  if (username !== "" || password !== "" || searchParams.has("authToken")) {
    throw usage("it carries credentials; use LIBSQL_AUTH_TOKEN for them");
  }
  return { url, authToken: env["LIBSQL_AUTH_TOKEN"] || undefined };
}

function usage(why: string): CommandError {
  return new CommandError(`Cannot use LIBSQL_URL: ${why}`, { exitCode: 2 });
}
