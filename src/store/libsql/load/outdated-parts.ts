import { sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { VersionState } from "../../rows.ts";
import type { Outdated, Page, SecretView } from "../../store.ts";
import { placeholder, type Values } from "../query-builder.ts";
import { policies, secrets, secretVersions, trustBundles } from "../schema.ts";
import { jsonColumn } from "./column.ts";
import { fields, type Json, list, mapped, page } from "./json.ts";
import { MAX_BYTES } from "./max-bytes.ts";
import { columnPart, withSlots } from "./part.ts";
import { state } from "./secret-part.ts";
import { bundleWithTail, headWithTail, policyWithTail, withTails } from "./tails.ts";

/** Placeholders of one list. A query may contain several lists. */
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
    [`${list}Limit`]: limit + 1,
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

const pageOf = <T>(json: Json<T>, from: SQL, list: string): Json<Page<T>> =>
  page(json, from, { limit: sql`${placesOf(list).limit}`, maxBytes: MAX_BYTES.outdated });

const HEADS = "outdatedHeads";

/** All versions of the secret `x`. `json`: SQLite may take the result of a subquery for a plain text, and quote it. */
const versions = list(state, sql`(select w.* from ${secretVersions} w where w.path = x.path order by w.number) x`);
const states: Json<readonly VersionState[]> = { sql: sql`json(${versions.sql})`, read: versions.read };

/** A row of {@link withTails} with the states of all versions. */
export const secretView: Json<SecretView> = mapped(fields({ ...headWithTail, states }), ({ head, tail, states }) => ({
  head,
  states,
  version: undefined,
  tail,
}));

export const outdatedSecretsPart = columnPart<Outdated, Page<SecretView>>(
  jsonColumn(pageOf(secretView, withTails("secret", outdatedRows(secrets.path, HEADS)), HEADS)),
  valuesOf(HEADS),
);

const POLICIES = "outdatedPolicies";

const outdatedPolicies: SQL = outdatedRows(policies.name, POLICIES);

export const outdatedPoliciesPart = withSlots(
  columnPart(jsonColumn(pageOf(policyWithTail, withTails("policy", outdatedPolicies), POLICIES)), valuesOf(POLICIES)),
  sql`select slot from ${outdatedPolicies}`,
);

const BUNDLES = "outdatedBundles";

const outdatedBundles: SQL = outdatedRows(trustBundles.trustDomain, BUNDLES);

export const outdatedBundlesPart = withSlots(
  columnPart(jsonColumn(pageOf(bundleWithTail, withTails("bundle", outdatedBundles), BUNDLES)), valuesOf(BUNDLES)),
  sql`select slot from ${outdatedBundles}`,
);
