import { getTableColumns, sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";

/**
 * A row as one JSON array, its columns in the order of the schema, bytes in hexadecimal. A load is one statement that gives one
 * row of such texts: as columns of their own, with name and type for each, 90 of them took longer to send, to parse and to
 * collect than to look up.
 *
 * @param alias of the table in the query
 */
export function jsonRow(table: SQLiteTable, alias: string, more: readonly SQL[] = []): SQL {
  return jsonArray([...columnsOf(table, alias), ...more]);
}

export function jsonArray(cells: readonly SQL[]): SQL {
  return sql`json_array(${sql.join([...cells], sql`, `)})`;
}

/** Columns of a table, each as JSON can hold it. */
export function columnsOf(table: SQLiteTable, alias: string, skip: readonly string[] = []): SQL[] {
  return Object.entries(getTableColumns(table))
    .filter(([key]) => !skip.includes(key))
    .map(([, column]) => jsonColumn(column, alias));
}

function jsonColumn(column: SQLiteColumn, alias: string): SQL {
  const name: SQL = sql`${sql.identifier(alias)}.${sql.identifier(column.name)}`;
  // Of NULL, which a column that is never NULL gives too where a LEFT JOIN finds no row, hex() makes the empty text.
  return column.dataType === "buffer" ? sql`iif(${name} IS NULL, NULL, hex(${name}))` : name;
}
