import { CommandError } from "../command/command-error.ts";

/** The error for a failed migration. Its message does not contain the token. */
export function migrationFailure(url: string, error: unknown): CommandError {
  const { protocol, host } = new URL(url);
  return new CommandError(`Cannot migrate "${protocol}//${host}": ${reasonOf(error)}`, { exitCode: 1, cause: error });
}

function reasonOf(error: unknown): string {
  const chain = causesOf(error);
  const code = (wanted: string): boolean => chain.some((cause) => "code" in cause && cause.code === wanted);
  const says = (text: string): boolean => chain.some(({ message }) => message.includes(text));
  if (code("UNAUTHORIZED") || says("HTTP status 401")) return "it rejects the token; set LIBSQL_AUTH_TOKEN";
  const last = chain.at(-1);
  const detail = last === undefined ? "unknown error" : last.message || (codeOf(last) ?? last.name);
  return says("fetch failed")
    ? `it does not answer (${detail}); check LIBSQL_URL and that the database is running`
    : detail;
}

/** The error and its causes. Drizzle's own error names only the statement that failed. */
function causesOf(error: unknown): readonly Error[] {
  if (!(error instanceof Error)) return [];
  const first = error instanceof AggregateError ? error.errors[0] : error.cause;
  return [error, ...causesOf(first)];
}

function codeOf(error: Error): string | undefined {
  return "code" in error ? String(error.code) : undefined;
}
