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
import { nodesOf } from "./nodes.ts";
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
  const load = new LoadBuilder(scopeValues(query, !unlessWon));
  const needed = load.add(COMMON.needed);
  const common = load.add(COMMON.store);
  const keys = load.add(COMMON.keys);
  const entry = query.writeId === undefined ? undefined : load.add(replay, { replayOf: query.writeId });
  const parts = PART_NAMES.filter((name) => query[name] !== undefined).map((name) => addPart(load, name, query));
  const slots = parts.flatMap((part) => part.slots ?? []);
  const nodes = slots.length === 0 ? undefined : load.add(nodesOf(slots));

  const winOf = (row: Row) => ({ store: common(row).row, replay: entry?.(row) });
  return {
    statement: load.statement(scopeOf(query)),
    winOf: (result) => winOf(load.rowIn(result)),
    snapshotOf(result) {
      const row = load.rowIn(result);
      if (!needed(row)) throw malformed("a snapshot was left out");
      const { now, newest } = common(row);
      const snapshot: Record<string, unknown> = {
        now,
        newest,
        keys: keys(row),
        nodes: nodes?.(row) ?? [],
        ...winOf(row),
      };
      for (const { name, read } of parts) snapshot[name] = read(row);
      // The snapshot has exactly the parts of the query, as its type requires.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return snapshot as unknown as Snapshot<Q>;
    },
  };
}

/** The row of a load: its JSON values, and behind their text the bytes. */
interface Row {
  readonly json: readonly unknown[];
  readonly bytes: readonly unknown[];
}

function addPart<Name extends PartName>(
  load: LoadBuilder,
  name: Name,
  query: Query,
): {
  readonly name: Name;
  readonly read: (row: Row) => Found<Name> | undefined;
  readonly slots: Fragment | undefined;
} {
  const asked = query[name];
  if (asked === undefined) return { name, read: () => undefined, slots: undefined };
  const part = PARTS[name](asked);
  const values = part.values(asked);
  const cells = part.columns.map((column) => load.add(column, values));
  if (part.slots !== undefined) load.fill(part.slots, values);
  return { name, read: (row) => part.assemble(cells.map((read) => read(row))), slots: part.slots };
}

/** Collects columns, and the arguments of their places, on the way to one statement. */
class LoadBuilder {
  readonly #json: string[] = [];
  readonly #bytes: string[] = [];
  readonly #scopeValues: Values;
  readonly #args: Record<string, InValue> = {};

  constructor(scopeValues: Values) {
    this.#scopeValues = scopeValues;
  }

  add<T>(column: Column<T>, values: Values = {}): (row: Row) => T {
    const { type, sql, read } = column;
    this.fill(column, values);
    const index = (type === "json" ? this.#json : this.#bytes).push(sql) - 1;
    return (row) => read(row[type][index]);
  }

  statement(scope: Fragment): Statement {
    this.fill(scope, this.#scopeValues);
    // Servers name a column without a name after its SQL, and would send all of it back.
    const bytes = this.#bytes.map((sql, index) => `, ${sql} as b${index}`).join("");
    const sql = `select '[' || ${this.#json.join(" || ',' || ")} || ']' as j${bytes}${scope.sql}`;
    return { sql, args: this.#args };
  }

  /** The one row that the statement gives. */
  rowIn({ rows }: Result): Row {
    const [row, ...more] = rows;
    if (row === undefined) throw malformed("no store row: are the migrations applied?");
    if (more.length > 0) throw malformed("more than one row");
    return { json: this.#parse(row[0]), bytes: this.#bytes.map((_, index): unknown => row[index + 1]) };
  }

  /** A part may use the places of the scope. */
  fill({ places }: Fragment, values: Values): void {
    for (const place of places) {
      if (place in this.#args) continue;
      this.#args[place] = toArgument(place in values ? values[place] : this.#scopeValues[place]);
    }
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
