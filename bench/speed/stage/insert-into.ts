import type Database from "libsql";
import { insertSql } from "../../../test/harness/insert-sql.ts";

/** Inserts rows of one shape, whose members are named like the columns: see {@link insertSql}. */
export function insertInto(database: Database.Database, table: string): (row: object) => void {
  let statement: Database.Statement | undefined;
  return (row) => {
    statement ??= database.prepare(insertSql(table, row));
    statement.run(Object.values(row).map(column));
  };
}

function column(value: unknown): unknown {
  if (typeof value === "boolean") return Number(value);
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}
