import type { InStatement, InValue } from "@libsql/client/web";
import { fillPlaceholders, type SQL } from "drizzle-orm";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";

/** SQL text with named places, built once from the schema and bound for each call. */
export interface Statement {
  readonly sql: string;
  readonly params: unknown[];
}

/** What a statement's places may hold. */
export type Values = Readonly<Record<string, null | number | string | Uint8Array | boolean>>;

/** Building a query costs more than sending it: do it once, as a constant of the module. */
export function statement(query: SQL): Statement {
  const { sql, params } = new SQLiteAsyncDialect().sqlToQuery(query);
  return { sql, params };
}

/** Binds every place of `template` from `values`; values without a place are ignored. */
export function bind(template: Statement, values: Values): InStatement {
  return { sql: template.sql, args: fillPlaceholders(template.params, { ...values }).map(toArgument) };
}

function toArgument(value: unknown): InValue {
  // A JavaScript number travels as a float; everything numeric here is an integer.
  if (typeof value === "number") return BigInt(value);
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (value === null || typeof value === "string" || value instanceof Uint8Array) return value;
  throw new TypeError("Cannot bind a statement: a value is neither text, integer, bytes nor null");
}
