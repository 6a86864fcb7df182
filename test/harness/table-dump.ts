import type { Client, InStatement, InValue } from "@libsql/client";

/** A row by its column names. */
export type DumpedRow = Readonly<Record<string, InValue>>;

/** What the tables contain that decide on a request. */
export interface TableDump {
  readonly store: readonly DumpedRow[];
  readonly policies: readonly DumpedRow[];
  readonly trust_bundles: readonly DumpedRow[];
  readonly audit: readonly DumpedRow[];
  readonly authority: readonly DumpedRow[];
}

const TABLES = ["store", "policies", "trust_bundles", "audit", "authority"] as const;

export async function dumpTables(client: Client): Promise<TableDump> {
  const results = await client.batch(
    TABLES.map((table) => `SELECT * FROM ${table}`),
    "read",
  );
  const rowsOf = (index: number): DumpedRow[] => {
    const { columns = [], rows = [] } = results[index] ?? {};
    return rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column] as InValue])));
  };
  return { store: rowsOf(0), policies: rowsOf(1), trust_bundles: rowsOf(2), audit: rowsOf(3), authority: rowsOf(4) };
}

/** Replaces the contents of these tables, in one transaction. */
export async function restoreTables(client: Client, dump: TableDump): Promise<void> {
  const inserts = TABLES.flatMap((table) =>
    dump[table].map((row): InStatement => {
      const columns = Object.keys(row);
      return {
        sql: `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
        args: Object.values(row),
      };
    }),
  );
  await client.batch([...TABLES.map((table) => `DELETE FROM ${table}`), ...inserts], "write");
}
