import { getTableColumns, type SQL, sql, type SQLWrapper } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { db } from "../query-builder.ts";
import type { Page } from "../../store.ts";
import { orAbsent, type Read, readList, readText, readVerifiable } from "./cell-readers.ts";
import { readPage } from "./read-page.ts";
import { type Columns, readFields, rowReader, type RowOf } from "./row-reader.ts";

/**
 * An SQL expression that gives JSON, and the reader of this JSON.
 *
 * A load is one SELECT with such a text for each part. As columns of their own, with a name and a type for each, its 90 values
 * took longer to send and to parse than to find.
 */
export interface Json<T> {
  readonly sql: SQL;
  readonly read: Read<T>;
}

/** A row as an array, in the order of the columns. */
export function row<C extends Columns>(columns: C, integers?: Read<number>): Json<RowOf<C>> {
  return { sql: jsonArray(Object.values(columns).map(jsonColumn)), read: rowReader(columns, integers) };
}

/** All columns of a table or of an alias. */
export function rowOf<Table extends SQLiteTable>(table: Table): Json<RowOf<Table["_"]["columns"]>> {
  return row(getTableColumns(table));
}

/** {@link rowOf} for rows that are verified before they are used: see {@link readVerifiable}. */
export function verifiableRowOf<Table extends SQLiteTable>(table: Table): Json<RowOf<Table["_"]["columns"]>> {
  return row(getTableColumns(table), readVerifiable);
}

/** Several values as an array, read into an object. */
export function fields<T extends object>(parts: { readonly [Key in keyof T]: Json<T[Key]> }): Json<T> {
  const entries = Object.entries<Json<unknown>>(parts);
  return {
    sql: jsonArray(entries.map(([, part]) => part.sql)),
    read: readFields(entries.map(([key, part]) => [key, part.read] as const)),
  };
}

/** The only row of a query, or NULL. */
export function one<T>(json: Json<T>, query: (select: Select) => SQLWrapper): Json<T | undefined> {
  return { sql: sql`${query(db.select({ json: json.sql }))}`, read: orAbsent(json.read) };
}

/** All rows of `from` in its order. */
export function list<T>(json: Json<T>, from: SQLWrapper): Json<readonly T[]> {
  return { sql: sql`(select json_group_array(${json.sql}) from ${from})`, read: readList(json.read) };
}

/**
 * The rows of `from` that fit into `maxBytes` of JSON, but at least one. `limit` is a placeholder for the maximum
 * number of rows of `from`: one more than the page may have, which shows whether more rows follow.
 */
export function page<T>(
  json: Json<T>,
  from: SQLWrapper,
  { limit, maxBytes }: { readonly limit: SQLWrapper; readonly maxBytes: number },
): Json<Page<T>> {
  const fits = sql`y.n < ${limit} and (y.n = 1 or y.size <= ${sql.raw(String(maxBytes))})`;
  return {
    sql: sql`(select '[' || count(*) || ',[' || ifnull(group_concat(y.item, ',') filter (where ${fits}), '') || ']]'
      from (select z.item, row_number() over w as n, sum(octet_length(z.item) + 1) over w as size
        from (select ${json.sql} as item from ${from}) z window w as (rows unbounded preceding)) y)`,
    read: readPage(json.read),
  };
}

/** A row of a LEFT JOIN. If there is none, all its columns are NULL. */
export function joined<T>({ sql, read }: Json<T>): Json<T | undefined> {
  const isAbsent = (value: unknown): boolean => Array.isArray(value) && value.every((cell) => cell === null);
  return { sql, read: (value) => (isAbsent(value) ? undefined : read(value)) };
}

export function text(query: SQLWrapper): Json<string> {
  return { sql: sql`${query}`, read: readText };
}

export function mapped<T, U>({ sql, read }: Json<T>, map: (value: T) => U): Json<U> {
  return { sql, read: (value) => map(read(value)) };
}

/** A SELECT of one column of JSON, up to its FROM. */
export type Select = ReturnType<typeof db.select<{ json: SQL }>>;

function jsonArray(values: readonly SQLWrapper[]): SQL {
  return sql`json_array(${sql.join([...values], sql`, `)})`;
}

function jsonColumn(column: SQLiteColumn): SQLWrapper {
  // hex(NULL) is the empty text.
  return column.getSQLType() === "blob" ? sql`iif(${column} is null, null, hex(${column}))` : column;
}
