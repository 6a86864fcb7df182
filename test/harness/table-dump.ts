import type { Client, InStatement, InValue } from "@libsql/client";

/** A row by its column names. */
export type DumpedRow = Readonly<Record<string, InValue>>;

/** The rows of some tables. */
export type Dump<Table extends string> = Readonly<Record<Table, readonly DumpedRow[]>>;

/** What the tables contain that decide on a request. */
export type TableDump = Dump<(typeof DECIDING)[number]>;

/** The tables that decide on a request. */
export const DECIDING = ["store", "policies", "trust_bundles", "audit", "authority"] as const;

/** The rows of these tables, from one moment. */
export async function dumpTables<Table extends string>(client: Client, tables: readonly Table[]): Promise<Dump<Table>> {
  const results = await client.batch(
    tables.map((table) => `SELECT * FROM ${table}`),
    "read",
  );
  const entries = tables.map((table, index): [Table, readonly DumpedRow[]] => {
    const { columns = [], rows = [] } = results[index] ?? {};
    return [table, rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column] as InValue])))];
  });
  return Object.fromEntries(entries) as Dump<Table>;
}

/** Replaces the contents of the dumped tables, in one transaction. */
export async function restoreTables(client: Client, dump: Partial<Dump<string>>): Promise<void> {
  const statements = Object.entries(dump).flatMap(([table, rows = []]): (string | InStatement)[] => [
    `DELETE FROM ${table}`,
    ...rows.map((row) => {
      const columns = Object.keys(row);
      return {
        sql: `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
        args: Object.values(row),
      };
    }),
  ]);
  await client.batch(statements, "write");
}
