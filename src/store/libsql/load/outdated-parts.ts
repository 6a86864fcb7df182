import { sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { Outdated, SecretView } from "../../store.ts";
import { placeholder, type Values } from "../query-builder.ts";
import { policies, secrets, secretVersions, trustBundles } from "../schema.ts";
import { entries } from "./audit-parts.ts";
import { jsonColumn } from "./column.ts";
import { fields, list, text } from "./json.ts";
import { deletions } from "./key-parts.ts";
import { columnPart, partOf } from "./part.ts";
import { state } from "./secret-part.ts";
import { bundleWithTail, headWithTail, policyWithTail, withTails } from "./tails.ts";

/** Placeholders of one list. A query may ask for several lists. */
function placesOf(list: string) {
  const place = (name: string) => placeholder(`${list}${name}`);
  return { keyId: place("KeyId"), afterKey: place("AfterKey"), afterName: place("AfterName"), limit: place("Limit") };
}

const valuesOf =
  (list: string) =>
  ({ keyId, after, limit }: Outdated): Values => ({
    [`${list}KeyId`]: keyId,
    [`${list}AfterKey`]: after.keyId,
    [`${list}AfterName`]: after.name,
    [`${list}Limit`]: limit,
  });

/**
 * Names of rows under other keys than the given one, by key and name. Two ranges of the index, so that the rows under the given
 * key are not walked through.
 */
function outdatedNames(column: SQLiteColumn, list: string): SQL {
  const name = sql.identifier(column.name);
  const { keyId, afterKey, afterName, limit } = placesOf(list);
  const range = (side: SQL): SQL => sql`select * from (select key_id, ${name} as name from ${column.table}
    where (key_id, ${name}) > (${afterKey}, ${afterName}) and key_id ${side} ${keyId}
    order by key_id, ${name} limit ${limit})`;
  return sql`(select * from (${range(sql`<`)} union all ${range(sql`>`)}) order by key_id, name limit ${limit})`;
}

/** The rows themselves. */
const outdatedRows = (column: SQLiteColumn, list: string): SQL =>
  sql`(select t.* from ${outdatedNames(column, list)} o
    cross join ${column.table} t on t.${sql.identifier(column.name)} = o.name order by o.key_id, o.name)`;

const HEADS = "outdatedHeads";

const heads = list(headWithTail, withTails("secret", outdatedRows(secrets.path, HEADS)));

const states = list(
  fields({ path: text(sql`x.path`), state }),
  sql`(select w.* from ${outdatedNames(secrets.path, HEADS)} o cross join ${secretVersions} w on w.path = o.name
    order by w.path, w.number) x`,
);

export const outdatedSecretsPart = partOf(
  { heads: jsonColumn(heads), states: jsonColumn(states) },
  valuesOf(HEADS),
  ({ heads, states }): readonly SecretView[] => {
    const versions = Map.groupBy(states, ({ path }) => path);
    return heads.map(({ row, tail }) => ({
      head: row,
      states: (versions.get(row.path) ?? []).map(({ state }) => state),
      version: undefined,
      tail,
    }));
  },
);

export const outdatedPoliciesPart = columnPart(
  jsonColumn(list(policyWithTail, withTails("policy", outdatedRows(policies.name, "outdatedPolicies")))),
  valuesOf("outdatedPolicies"),
);

export const outdatedBundlesPart = columnPart(
  jsonColumn(list(bundleWithTail, withTails("bundle", outdatedRows(trustBundles.trustDomain, "outdatedBundles")))),
  valuesOf("outdatedBundles"),
);

const place = placesOf("outdatedDeletions");

export const outdatedDeletionsPart = columnPart(
  jsonColumn(
    entries(
      sql`(select d.* from ${deletions} d where d.key_id <> ${place.keyId}
        and (d.key_id, d.resource) > (${place.afterKey}, ${place.afterName})
        order by d.key_id, d.resource limit ${place.limit})`,
    ),
  ),
  valuesOf("outdatedDeletions"),
);
