import type { Client, InStatement, ResultSet } from "@libsql/client/web";

/** `"read"`: one SELECT, which sees one snapshot without a transaction. `"write"`: one transaction, all or nothing. */
export type Mode = "read" | "write";

/** SQL and its arguments: by position in a write, by name in a load. */
export type Statement = Required<Exclude<InStatement, string>>;

/** The rows of a statement, with their cells by position: numbers for integers, `ArrayBuffer` for bytes. */
export type Result = Pick<ResultSet, "rows">;

/**
 * Runs statements in one round trip. A read takes exactly one statement.
 *
 * Rejects with {@link StoreUnavailable} and nothing else.
 */
export type Execute = (statements: readonly Statement[], mode: Mode, signal: AbortSignal) => Promise<readonly Result[]>;

/** Runs statements with the driver. It sends either mode as one request, and BEGIN and COMMIT around writes only. */
export async function runOn(
  client: Pick<Client, "execute" | "batch">,
  statements: readonly Statement[],
  mode: Mode,
): Promise<readonly Result[]> {
  if (mode === "write") return await client.batch([...statements], "write");
  const [statement, ...more] = statements;
  if (statement === undefined || more.length > 0)
    throw new TypeError("Cannot read: a read takes exactly one statement");
  return [await client.execute(statement)];
}
