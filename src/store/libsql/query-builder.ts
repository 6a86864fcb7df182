import { fillPlaceholders, getTableColumns, type Query, sql, type SQL } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql/web";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Statement } from "./execute.ts";
import { toArgument } from "./to-argument.ts";

/**
 * Builds SQL and runs none: Drizzle's row mapping turns BLOBs into text where there is no `Buffer`, and its `batch` takes neither
 * a transaction mode nor placeholders.
 */
export const db = drizzle.mock();

export const { placeholder } = sql;

/** SQL text with `?` for each placeholder. */
export interface Template {
  readonly sql: string;
  /** Never changed: Drizzle takes no readonly list. */
  readonly params: unknown[];
}

/** Values by placeholder name. */
export type Values = Readonly<Record<string, null | number | string | Uint8Array | boolean>>;

/**
 * Building a query takes longer than sending it. Call this once, as a constant of the module.
 *
 * Names of the schema need no quotes, and a request has to escape each quote.
 */
export function prepare(query: { toSQL(): Query }): Template {
  const { sql, params } = query.toSQL();
  return { sql: sql.replaceAll(/"([a-z_]+)"/g, "$1").replaceAll(/\s+/g, " "), params };
}

/**
 * Fills every placeholder of `template`. Values without a placeholder are ignored.
 *
 * @throws Error if a placeholder has no value
 */
export function bind({ sql, params }: Template, values: Values): Statement {
  return { sql, args: fillPlaceholders(params, values).map(toArgument) };
}

/** A placeholder for each column of `table`, named after the column's key: the row of an INSERT … SELECT. */
export function rowOfPlaceholders<Table extends SQLiteTable>(
  table: Table,
): { readonly [Key in keyof Table["$inferInsert"]]-?: SQL.Aliased } {
  const entries = columnsOf(table).map(([key, { name }]) => [key, sql`${placeholder(key)}`.as(name)]);
  // The keys of `$inferInsert` are those of the columns.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(entries) as { [Key in keyof Table["$inferInsert"]]-?: SQL.Aliased };
}

/** A placeholder for each column of `table`, named after the column's key: the SET of an UPDATE. */
export function setOfPlaceholders<Table extends SQLiteTable>(
  table: Table,
): { readonly [Key in keyof Table["$inferInsert"]]-?: SQL } {
  const entries = columnsOf(table).map(([key]) => [key, sql`${placeholder(key)}`]);
  // As above.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(entries) as { [Key in keyof Table["$inferInsert"]]-?: SQL };
}

function columnsOf(table: SQLiteTable): [key: string, column: SQLiteColumn][] {
  return Object.entries(getTableColumns(table));
}
