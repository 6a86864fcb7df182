import { and, eq, gt, gte, lte, notExists, or, sql, type SQL } from "drizzle-orm";
import { alias, type SQLiteColumn, type SQLiteTable } from "drizzle-orm/sqlite-core";
import { now } from "../load/now.ts";
import { db, placeholder, rowOfPlaceholders, prepare, type Template } from "../query-builder.ts";
import { audit, policies, store, trustBundles } from "../schema.ts";

/** Selects a 1: what `EXISTS` needs. */
export const one = { one: sql`1` } as const;

export const isTheStore: SQL = eq(store.id, sql`1`);

/** The revision that this commit will have, in a query from `store`. */
export const nextRevision: SQL = sql`${store.revision} + 1`;

/** The revision of the audit entry: that of the commit. A leap starts {@link nextRevision} there too, see `leapStatements`. */
const entryRevision: SQL = sql`ifnull(${placeholder("beyond")}, ${store.revision}) + 1`;

/** {@link nextRevision} as a value, for statements on other tables. */
export const nextRevisionValue: SQL = sql`${db.select({ revision: nextRevision }).from(store).where(isTheStore)}`;

/** The write id of the entry that is one revision ahead of the store. */
const writeIdInGate: SQL = sql`${db
  .select({ writeId: audit.writeId })
  .from(audit)
  .innerJoin(store, eq(audit.revision, nextRevision))
  .where(isTheStore)}`;

/**
 * True only for statements of the commit whose audit entry is one revision ahead of the store. That commit has just inserted
 * this entry, and its last statement closes the gate by raising the store's revision.
 *
 * The gate is the audit entry and not a condition on the changed row. After a delete such a condition has no row left to test,
 * and it holds for both of two workers that run the same write id.
 */
export const gateIsOurs: SQL = eq(writeIdInGate, placeholder("ourWriteId"));

/** The row `values`, or none if the gate is not ours. A SELECT with a WHERE needs a FROM: the store has one row. */
export const ifOurs = <Row extends Readonly<Record<string, SQL.Aliased>>>(values: Row) =>
  db.select(values).from(store).where(and(isTheStore, gateIsOurs));

/** A row found missing has not been created and deleted since: either would have left an entry. */
export const isUntouched: SQL = notExists(
  db
    .select(one)
    .from(audit)
    .where(and(eq(audit.resource, placeholder("resource")), gt(audit.revision, placeholder("tail")))),
);

const wasCommitted = db
  .select(one)
  .from(audit)
  .where(eq(audit.writeId, placeholder("writeId")));

const rest = (member: string): SQL => sql`json_extract(r.value, ${sql.raw(`'$.${member}'`)})`;
const versionOf = (table: SQLiteTable, name: SQLiteColumn, version: SQLiteColumn): SQL =>
  sql`(select ${version} from ${table} where ${name} = ${rest("name")})`;

/** Each row that permits the change has the version that it was decided on. A missing row has version 0. */
const restsHold: SQL = sql`not exists (select 1 from json_each(${placeholder("rests")}) r where ifnull(case ${rest("table")}
  when 'policies' then ${versionOf(policies, policies.name, policies.version)}
  when 'trust_bundles' then ${versionOf(trustBundles, trustBundles.trustDomain, trustBundles.version)}
  end, 0) is not ${rest("version")})`;

const entry = alias(audit, "e");

/** The MAC of the first entry that fits. */
const macOfEntry = (where: SQL, order?: SQL): SQL =>
  sql`(select ${entry.mac} from ${audit} e where ${where}${order === undefined ? sql`` : sql` order by ${order} limit 1`})`;

/** The state and the history that the audit entry names are those of the store. */
const historyHolds: SQL | undefined = and(
  sql`${store.mac} is ${placeholder("state")}`,
  sql`${macOfEntry(sql`${entry.revision} = ${placeholder("base")}`)} is ${placeholder("anchor")}`,
  sql`${macOfEntry(sql`${entry.resource} = ${placeholder("resource")}`, sql`${entry.revision} desc`)} is ${placeholder("prev")}`,
);

/** No entry may be between the revision that a leap was decided on and its own: the gap between them would hide its loss. */
const mayLeap: SQL = sql`(${placeholder("beyond")} is null
  or ${store.revision} = ${placeholder("base")} and ${store.revision} <= ${placeholder("beyond")})`;

/** The conditions of every commit: see `Store`. */
const always: SQL | undefined = and(
  isTheStore,
  or(eq(placeholder("isInit"), sql`0`), eq(store.revision, sql`0`)),
  or(eq(placeholder("pinsEpoch"), sql`0`), eq(store.epoch, placeholder("pinnedEpoch"))),
  sql`${store.keyId} is ${placeholder("storeKeyId")}`,
  eq(store.storeId, placeholder("storeId")),
  eq(store.generation, placeholder("generation")),
  gte(store.revision, placeholder("base")),
  or(eq(placeholder("pinsHistory"), sql`0`), historyHolds),
  eq(store.schemaVersion, placeholder("schemaVersion")),
  lte(now, placeholder("notAfter")),
  restsHold,
  mayLeap,
  notExists(wasCommitted),
);

/**
 * The first statement of a commit: inserts its audit entry if the store is as the change was decided on, and `precondition`
 * holds. Returns the new revision, or no row.
 */
export function gate(precondition: SQL | undefined): Template {
  return prepare(
    db
      .insert(audit)
      .select(
        db
          .select({ ...rowOfPlaceholders(audit), revision: entryRevision.as("revision") })
          .from(store)
          .where(and(always, precondition)),
      )
      .returning({ revision: audit.revision }),
  );
}
