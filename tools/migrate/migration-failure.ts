import { CommandError } from "../command/command-error.ts";

/** Says why a database was not migrated. Its token is in no message. */
export function migrationFailure(url: string, error: unknown): CommandError {
  const { protocol, host } = new URL(url);
  return new CommandError(`Cannot migrate "${protocol}//${host}": ${reasonOf(error)}`, { exitCode: 1, cause: error });
}

function reasonOf(error: unknown): string {
  const chain = causesOf(error);
  const code = (wanted: string): boolean => chain.some((cause) => "code" in cause && cause.code === wanted);
  const says = (text: string): boolean => chain.some(({ message }) => message.includes(text));
  if (code("UNAUTHORIZED") || says("HTTP status 401")) return "it refuses the token; set LIBSQL_AUTH_TOKEN";
  const last = chain.at(-1);
  const detail = last === undefined ? "unknown error" : last.message || (codeOf(last) ?? last.name);
  return says("fetch failed") ? `it does not answer (${detail}); check LIBSQL_URL and that it runs` : detail;
}

/** The error itself, then what caused it. Drizzle's own says only which statement failed. */
function causesOf(error: unknown): readonly Error[] {
  if (!(error instanceof Error)) return [];
  const first = error instanceof AggregateError ? error.errors[0] : error.cause;
  return [error, ...causesOf(first)];
}

function codeOf(error: Error): string | undefined {
  return "code" in error ? String(error.code) : undefined;
}
