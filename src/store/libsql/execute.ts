import type { Client, InStatement, ResultSet } from "@libsql/client/web";

/**
 * `"read"`: one SELECT, which sees one snapshot without a transaction. `"forwarded"`: the same, but a replica must forward it to
 * its primary. `"write"`: one transaction, all or nothing.
 */
export type Mode = "read" | "forwarded" | "write";

/** SQL and its arguments: by position in a write, by name in a load. */
export type Statement = Required<Exclude<InStatement, string>>;

/** The rows of a statement, with their cells by position: numbers for integers, `ArrayBuffer` for bytes. */
export type Result = Pick<ResultSet, "rows">;

/**
 * Runs statements in one round trip. A read takes exactly one statement.
 *
 * Rejects with {@link StoreUnavailable} and nothing else.
 */
export type Execute = (
  statements: readonly Statement[],
  mode: Exclude<Mode, "forwarded">,
  signal: AbortSignal,
) => Promise<readonly Result[]>;

/** Runs statements with the driver. Each mode is one request, with BEGIN and COMMIT around all but a plain read. */
export async function runOn(
  client: Pick<Client, "execute" | "batch">,
  statements: readonly Statement[],
  mode: Mode,
): Promise<readonly Result[]> {
  if (mode === "write") return await client.batch([...statements], "write");
  const [statement, ...more] = statements;
  if (statement === undefined || more.length > 0)
    throw new TypeError("Cannot read: a read takes exactly one statement");
  if (mode === "read") return [await client.execute(statement)];
  // libSQL's server takes the PRAGMA for a write, and it changes nothing. A replica forwards a batch with a write to its primary as
  // a whole. BEGIN IMMEDIATE would not do: a replica runs it itself.
  const [, result] = await client.batch([{ sql: "PRAGMA user_version", args: [] }, statement], "deferred");
  return result === undefined ? [] : [result];
}
