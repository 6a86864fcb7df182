import { eq, exists, sql, type SQL } from "drizzle-orm";
import { alias, type SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { RegisteredKey } from "../../rows.ts";
import type { KeyCount, KeyUse } from "../../store.ts";
import { db } from "../query-builder.ts";
import { audit, keys, policies, secrets, store, trustBundles } from "../schema.ts";
import { readFlag, readInteger } from "./cell-readers.ts";
import { jsonColumn } from "./column.ts";
import { fields, type Json, list, mapped, rowOf, text } from "./json.ts";
import { type Asked, columnPart } from "./part.ts";

const key = alias(keys, "k");
const allKeys: SQL = sql`${keys} k`;

const isUsedIn = (keyId: SQLiteColumn): SQL =>
  exists(
    db
      .select({ one: sql`1` })
      .from(keyId.table)
      .where(eq(keyId, key.keyId)),
  );

const flag = (sql: SQL): Json<boolean> => ({ sql, read: readFlag });
const integer = (sql: SQL): Json<number> => ({ sql, read: readInteger });

const keyWithUse = fields({ row: rowOf(key), hasPolicies: flag(isUsedIn(policies.keyId)) });

/** Every registered key. */
export const registeredKeys = jsonColumn<readonly RegisteredKey[]>(
  list(
    mapped(keyWithUse, ({ row, hasPolicies }) => ({ ...row, hasPolicies })),
    allKeys,
  ),
);

const isUsed: SQL = sql.join(
  [secrets, policies, trustBundles, store].map(({ keyId }) => isUsedIn(keyId)),
  sql` or `,
);

export const keyUsePart = columnPart<Asked<"keyUse">, readonly KeyUse[]>(
  jsonColumn(list(fields({ keyId: text(key.keyId), used: flag(isUsed) }), allKeys)),
);

const COUNTED = ["secrets", "policies", "bundles", "store", "entries"] as const;

/** How many rows of `from` each key has, as the column `name`. The other columns are 0. */
const countsOf = (from: SQL, name?: (typeof COUNTED)[number]): SQL => {
  const counts = COUNTED.map((column) => sql`${column === name ? sql`count(*)` : sql`0`} as ${sql.identifier(column)}`);
  return sql`select key_id, ${sql.join(counts, sql`, `)} from ${from} group by key_id`;
};

const union = (queries: readonly SQL[]): SQL => sql.join([...queries], sql` union all `);

/** In two halves: D1 limits a compound SELECT to 5 terms. */
const counts: SQL = sql`(select key_id, ${sql.join(
  COUNTED.map((name) => sql`sum(${sql.identifier(name)}) as ${sql.identifier(name)}`),
  sql`, `,
)} from (${union([
  countsOf(sql`${secrets}`, "secrets"),
  countsOf(sql`${policies}`, "policies"),
  countsOf(sql`${trustBundles}`, "bundles"),
  sql`select * from (${union([
    countsOf(sql`${store} where key_id is not null`, "store"),
    countsOf(sql`${audit}`, "entries"),
    countsOf(sql`${keys}`),
  ])})`,
])}) group by key_id order by key_id)`;

const count = (name: (typeof COUNTED)[number]): Json<number> => integer(sql`x.${sql.identifier(name)}`);

export const keyCountsPart = columnPart<Asked<"keyCounts">, readonly KeyCount[]>(
  jsonColumn(
    list<KeyCount>(
      fields({
        keyId: text(sql`x.key_id`),
        secrets: count("secrets"),
        policies: count("policies"),
        bundles: count("bundles"),
        store: count("store"),
        entries: count("entries"),
      }),
      sql`${counts} x`,
    ),
  ),
);
