import { is, Param, Placeholder, sql, type SQLWrapper } from "drizzle-orm";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import { orNull, type Read } from "./cell-readers.ts";
import type { Json } from "./json.ts";
import { malformed } from "./malformed.ts";

/** A piece of SQL whose placeholders have names, so that a value which several pieces need is sent once. */
export interface Fragment {
  readonly sql: string;
  readonly places: readonly string[];
}

/**
 * A value that a load returns. All JSON values of a load share one text, because the driver takes longer over a column than over
 * what is in it.
 */
export interface Column<T> extends Fragment {
  readonly type: "json" | "bytes";
  readonly read: Read<T>;
}

export function fragment(query: SQLWrapper): Fragment {
  const { sql: text, params } = new NamedPlaces().sqlToQuery(sql`${query}`.inlineParams());
  // A quoted text, or white space. The SQL is sent with each request.
  const short = text.replaceAll(/'[^']*'|\s+/g, (piece) => (piece.startsWith("'") ? piece : " "));
  return { sql: short, places: [...new Set(params.map(nameOf))] };
}

/** A JSON text, an integer, or NULL. */
export function jsonColumn<T>({ sql: query, read }: Json<T>): Column<T> {
  return { type: "json", ...fragment(sql`ifnull(${query}, 'null')`), read };
}

/** Bytes as they are: a value may be a megabyte, and hexadecimal would double it. */
export function bytesColumn(query: SQLWrapper): Column<Uint8Array<ArrayBuffer> | null> {
  const read: Read<Uint8Array<ArrayBuffer>> = (value) => {
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    throw malformed("a value is not bytes");
  };
  return { type: "bytes", ...fragment(query), read: orNull(read) };
}

/** Names of the schema need no quotes, which JSON would have to escape. */
class NamedPlaces extends SQLiteAsyncDialect {
  override escapeName(name: string): string {
    return name;
  }

  override escapeParam(_index: number, parameter?: unknown): string {
    return `:${nameOf(parameter)}`;
  }
}

function nameOf(parameter: unknown): string {
  if (is(parameter, Placeholder)) return parameter.name;
  if (is(parameter, Param) && is(parameter.value, Placeholder)) return parameter.value.name;
  throw new TypeError("Cannot build a statement: it has a value instead of a placeholder");
}
