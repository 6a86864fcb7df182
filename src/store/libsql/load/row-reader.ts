import type { GetColumnData } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { orNull, type Read, readHex, readInteger, readText } from "./cell-readers.ts";
import { malformed } from "./malformed.ts";

export type Columns = Readonly<Record<string, SQLiteColumn>>;

/** The row that the schema's types give for these columns. */
export type RowOf<C extends Columns> = { readonly [Key in keyof C]: GetColumnData<C[Key]> };

/**
 * Reads a JSON array with one value for each column, in their order, bytes in hexadecimal.
 *
 * The result has the schema's types. Assigned to `Read<SecretRow>`, it compiles only if the schema and the domain agree on every
 * column.
 */
export function rowReader<C extends Columns>(columns: C, integers: Read<number> = readInteger): Read<RowOf<C>> {
  return readFields(Object.entries(columns).map(([key, column]) => [key, columnReader(column, integers)] as const));
}

/** Reads a JSON array with one value for each field, in their order. */
export function readFields<T>(fields: readonly (readonly [key: string, read: Read<unknown>])[]): Read<T> {
  return (value) => {
    if (!Array.isArray(value)) throw malformed("a row is not a list");
    if (value.length !== fields.length)
      throw malformed(`a row has ${value.length} columns instead of ${fields.length}`);
    const row: Record<string, unknown> = {};
    let index = 0;
    for (const [key, read] of fields) row[key] = read(value[index++]);
    // Every field of T has been read.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return row as T;
  };
}

function columnReader(column: SQLiteColumn, integers: Read<number>): Read<unknown> {
  const type = column.getSQLType();
  const read = type === "integer" ? integers : STORAGE[type];
  if (read === undefined) throw new TypeError(`Cannot read column "${column.name}": its type is unknown`);
  const mapped: Read<unknown> = (value) => column.mapFromDriverValue(read(value));
  return column.notNull ? mapped : orNull(mapped);
}

const STORAGE: Readonly<Record<string, Read<unknown>>> = { text: readText, blob: readHex };
