import { is, Placeholder, type SQL } from "drizzle-orm";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";

/** SQL text with named places, built once from the schema and bound for each call. */
export interface Statement {
  /** The text as it stands between the quotes of a JSON string: it is sent as such, and full of quotes itself. */
  readonly escaped: string;
  /** Names of the places in it, each once. */
  readonly places: readonly string[];
}

/** What stands in a place of a statement; a JavaScript number would travel as a float. */
export type Argument = null | bigint | string | Uint8Array;

/** A statement with its values. */
export interface Bound {
  /** As in {@link Statement}. */
  readonly escaped: string;
  readonly args: Record<string, Argument>;
}

/** What a statement's places may hold. */
export type Values = Readonly<Record<string, null | number | string | Uint8Array | boolean>>;

/**
 * Building a query costs more than sending it: do it once, as a constant of the module. Drizzle gives places no names on the
 * wire; here they have some, so that a value that is needed in several places is sent once.
 */
export function statement(query: SQL): Statement {
  const { sql, params } = new SQLiteAsyncDialect().sqlToQuery(query);
  const names = params.map(nameOf);
  let at = 0;
  // A quoted text, a quoted name (all of ours are plain), a place, or white space.
  const text = sql.replaceAll(/'[^']*'|"[^"]*"|\?|\s+/g, (piece) => {
    if (piece === "?") return `:${names[at++]}`;
    return piece.startsWith('"') ? plainName(piece) : piece.trim() === "" ? " " : piece;
  });
  return { escaped: JSON.stringify(text).slice(1, -1), places: [...new Set(names)] };
}

/** Binds every place of `template` from `values`; values without a place are ignored. */
export function bind({ escaped, places }: Statement, values: Values): Bound {
  const args: Bound["args"] = {};
  fill(args, places, values);
  return { escaped, args };
}

/** Fills those of `places` in `args` that are still empty. */
export function fill(args: Bound["args"], places: readonly string[], values: Values): void {
  for (const place of places) if (!(place in args)) args[place] = toArgument(place, values[place]);
}

/** Names of the schema need no quotes. One that does keeps them. */
function plainName(quoted: string): string {
  return /^"[a-z_]+"$/.test(quoted) ? quoted.slice(1, -1) : quoted;
}

function nameOf(parameter: unknown): string {
  if (is(parameter, Placeholder)) return parameter.name;
  throw new TypeError("Cannot build a statement: it has a value instead of a place");
}

function toArgument(place: string, value: unknown): Argument {
  if (typeof value === "number") return BigInt(value);
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (value === null || typeof value === "string" || value instanceof Uint8Array) return value;
  throw new TypeError(`Cannot bind a statement: :${place} is neither text, integer, bytes nor null`);
}
