import { type CommandError, usageError } from "../command/command-error.ts";

/** The address and the token of a database. */
export interface DatabaseAddress {
  readonly url: string;
  readonly authToken?: string | undefined;
}

const PROTOCOLS: readonly string[] = ["libsql:", "https:", "http:"];

/** Reads `LIBSQL_URL` and `LIBSQL_AUTH_TOKEN`. Errors do not quote them. @throws CommandError with exit code 2 */
export function readDatabaseAddress(env: NodeJS.ProcessEnv): DatabaseAddress {
  const url = env["LIBSQL_URL"] ?? "";
  if (url === "") throw invalid("it is not set; for example LIBSQL_URL=http://127.0.0.1:8080");
  if (!URL.canParse(url)) throw invalid("it is not a URL");
  const { protocol, username, password, searchParams } = new URL(url);
  if (!PROTOCOLS.includes(protocol)) throw invalid("it is not a libsql:, https: or http: URL");
  if (username !== "" || password !== "" || searchParams.has("authToken")) {
    throw invalid("it has credentials; put them in LIBSQL_AUTH_TOKEN");
  }
  return { url, authToken: env["LIBSQL_AUTH_TOKEN"] || undefined };
}

function invalid(why: string): CommandError {
  return usageError(`Cannot use LIBSQL_URL: ${why}`);
}
