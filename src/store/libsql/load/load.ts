import type { InValue } from "@libsql/client/web";
import { getTableColumns, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { StoreRow } from "../../rows.ts";
import type { AnySnapshot, Query, Snapshot } from "../../store.ts";
import type { Result, Statement } from "../execute.ts";
import type { Values } from "../query-builder.ts";
import { audit, store } from "../schema.ts";
import { toArgument } from "../to-argument.ts";
import { replay } from "./audit-parts.ts";
import { orNull, readFlag, readHex, readTime } from "./cell-readers.ts";
import { type Column, type Fragment, jsonColumn } from "./column.ts";
import { fields, type Json, row } from "./json.ts";
import { registeredKeys } from "./key-parts.ts";
import { malformed } from "./malformed.ts";
import { now } from "./now.ts";
import type { Found, PartName } from "./part.ts";
import { PART_NAMES, PARTS } from "./parts.ts";
import { scopeOf, scopeValues } from "./scope.ts";

/** The SELECT that answers a query, and the snapshot that its row becomes. */
export interface Load<Q extends Query> {
  readonly statement: Statement;
  /** @throws StoreUnavailable also if the load was not needed */
  snapshotOf(result: Result): Snapshot<Q>;
  /** What shows that a commit has won: the store's row, and the entry of the query's write id. */
  winOf(result: Result): Pick<AnySnapshot, "store" | "replay">;
}

const entry = alias(audit, "a");

const { id: _, ...storeColumns } = getTableColumns(store);
const storeRow: Json<StoreRow> = row(storeColumns);

/** Columns of every load. */
export const COMMON = {
  needed: jsonColumn({ sql: sql`v.needed`, read: readFlag }),
  store: jsonColumn(
    fields({
      row: storeRow,
      now: { sql: now, read: readTime },
      newest: {
        sql: sql`(select hex(${entry.mac}) from ${audit} a where ${entry.revision} = ${store.revision})`,
        read: orNull(readHex),
      },
    }),
  ),
  keys: registeredKeys,
} as const;

/** @param options `unlessWon`: the load follows a commit, and is needed only if the commit lost */
export function loadOf<Q extends Query>(query: Q, { unlessWon = false } = {}): Load<Q> {
  const load = new LoadBuilder();
  const needed = load.add(COMMON.needed);
  const common = load.add(COMMON.store);
  const keys = load.add(COMMON.keys);
  const entry = query.writeId === undefined ? undefined : load.add(replay);
  const parts = PART_NAMES.map((name) => [name, addPart(load, name, query)] as const);

  const winOf = (row: Row) => ({ store: common(row).row, replay: entry?.(row) });
  return {
    statement: load.statement(scopeOf(query), {
      ...scopeValues(query, !unlessWon),
      ...(query.writeId !== undefined && { replayOf: query.writeId }),
    }),
    winOf: (result) => winOf(load.rowIn(result)),
    snapshotOf(result) {
      const row = load.rowIn(result);
      if (!needed(row)) throw malformed("a snapshot was left out");
      const { now, newest } = common(row);
      const found = Object.fromEntries(parts.map(([name, read]) => [name, read?.(row)]));
      // Each part is there exactly if the query asks for it, which is what the type says.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return Object.assign(found, winOf(row), { now, newest, keys: keys(row) }) as unknown as Snapshot<Q>;
    },
  };
}

/** The row of a load: its JSON values, and behind their text the bytes. */
interface Row {
  readonly json: readonly unknown[];
  readonly bytes: readonly unknown[];
}

/** Adds the columns of a part, if the query asks for it. */
function addPart<Name extends PartName>(
  load: LoadBuilder,
  name: Name,
  query: Query,
): ((row: Row) => Found<Name>) | undefined {
  const asked = query[name];
  if (asked === undefined) return undefined;
  const part = PARTS[name](asked);
  const cells = part.columns.map((column) => load.add(column));
  load.give(part.values(asked));
  return (row) => part.assemble(cells.map((read) => read(row)));
}

/** Collects columns, and the values of their places, on the way to one statement. */
class LoadBuilder {
  readonly #json: Fragment[] = [];
  readonly #bytes: Fragment[] = [];
  readonly #values: Values[] = [];

  add<T>({ type, read, ...fragment }: Column<T>): (row: Row) => T {
    const index = (type === "json" ? this.#json : this.#bytes).push(fragment) - 1;
    return (row) => read(row[type][index]);
  }

  give(values: Values): void {
    this.#values.push(values);
  }

  statement(scope: Fragment, values: Values): Statement {
    const given: Values = Object.assign({}, values, ...this.#values);
    const args: Record<string, InValue> = {};
    for (const { places } of [...this.#json, ...this.#bytes, scope]) {
      for (const place of places) args[place] = toArgument(given[place]);
    }
    const json = this.#json.map(({ sql }) => sql).join(" || ',' || ");
    // Servers name a column without a name after its SQL, and would send all of it back.
    const bytes = this.#bytes.map(({ sql }, index) => `, ${sql} as b${index}`).join("");
    return { sql: `select '[' || ${json} || ']' as j${bytes}${scope.sql}`, args };
  }

  /** The one row that the statement gives. */
  rowIn({ rows }: Result): Row {
    const [row, ...more] = rows;
    if (row === undefined) throw malformed("no store row: are the migrations applied?");
    if (more.length > 0) throw malformed("more than one row");
    return { json: this.#parse(row[0]), bytes: this.#bytes.map((_, index): unknown => row[index + 1]) };
  }

  #parse(text: unknown): readonly unknown[] {
    try {
      const json: unknown = typeof text === "string" ? JSON.parse(text) : undefined;
      if (Array.isArray(json) && json.length === this.#json.length) return json;
    } catch {
      // Reported below.
    }
    throw malformed("a column is not the JSON of this load");
  }
}
