import { sql, type SQL } from "drizzle-orm";
import { QueryBuilder } from "drizzle-orm/sqlite-core";
import { audit, keys, secrets, secretVersions, store } from "./schema.ts";
import { type Statement, statement } from "./statement.ts";

const { placeholder } = sql;
const query = new QueryBuilder();

/** Milliseconds since the epoch, by the database's clock: one clock for all workers. */
const now: SQL = sql`CAST(unixepoch('subsec') * 1000 AS INTEGER)`;

/** The head's `current` has passed its own end, so a lower version is current now. */
const lapsed: SQL = sql`${secrets.currentUntil} IS NOT NULL AND ${secrets.currentUntil} <= ${now}`;

/** The highest live version of the head's path at this moment. */
const highestLive: SQL = sql`(SELECT max(v.number) FROM ${secretVersions} v WHERE v.path = ${secrets.path}
  AND v.destroyed_at IS NULL AND (v.deleted_at IS NULL OR v.deleted_at > ${now}))`;

const state = {
  number: secretVersions.number,
  writeId: secretVersions.writeId,
  createdAt: secretVersions.createdAt,
  deletedAt: secretVersions.deletedAt,
  destroyedAt: secretVersions.destroyedAt,
} as const;

const built = (select: { getSQL(): SQL }): Statement => statement(select.getSQL());

/** The SELECTs of a load, which also end every commit. Columns come back in the order of the schema. */
export const reads = {
  store: statement(
    sql`SELECT *, ${now} AS now,
      (SELECT a.mac FROM ${audit} a WHERE a.revision = ${store.revision}) AS newest
      FROM ${store} WHERE ${store.id} = 1`,
  ),
  keys: built(query.select().from(keys)),
  head: built(
    query
      .select()
      .from(secrets)
      .where(sql`${secrets.path} = ${placeholder("path")}`),
  ),
  currentVersion: built(
    query
      .select({ ...state, sealed: secretVersions.sealed })
      .from(secretVersions)
      .innerJoin(secrets, sql`${secrets.path} = ${secretVersions.path}`)
      .where(
        sql`${secrets.path} = ${placeholder("path")} AND ${secretVersions.number} =
          CASE WHEN ${lapsed} THEN ${highestLive} ELSE ${secrets.current} END`,
      ),
  ),
  numberedVersion: built(
    query
      .select({ ...state, sealed: secretVersions.sealed })
      .from(secretVersions)
      .where(
        sql`${secretVersions.path} = ${placeholder("path")} AND ${secretVersions.number} = ${placeholder("number")}`,
      ),
  ),
  states: built(
    query
      .select(state)
      .from(secretVersions)
      .where(sql`${secretVersions.path} = ${placeholder("path")}`)
      .orderBy(secretVersions.number),
  ),
  statesIfLapsed: built(
    query
      .select(state)
      .from(secretVersions)
      .where(
        sql`${secretVersions.path} = ${placeholder("path")}
          AND EXISTS (SELECT 1 FROM ${secrets} WHERE ${secrets.path} = ${placeholder("path")} AND ${lapsed})`,
      )
      .orderBy(secretVersions.number),
  ),
  tail: built(
    query
      .select()
      .from(audit)
      .where(sql`${audit.resource} = ${placeholder("resource")}`)
      .orderBy(sql`${audit.revision} DESC`)
      .limit(1),
  ),
  replay: built(
    query
      .select()
      .from(audit)
      .where(sql`${audit.writeId} = ${placeholder("w")}`),
  ),
  paths: built(
    query
      .select({ path: secrets.path })
      .from(secrets)
      // U+10FFFF encodes to the highest bytes there are, so this ends the range of the prefix.
      .where(
        sql`${secrets.path} > ${placeholder("after")} AND ${secrets.path} >= ${placeholder("prefix")}
          AND ${secrets.path} < ${placeholder("prefix")} || char(1114111)`,
      )
      .orderBy(secrets.path)
      .limit(placeholder("limit")),
  ),
  audit: built(
    query
      .select()
      .from(audit)
      .where(sql`${audit.revision} > ${placeholder("after")}`)
      .orderBy(audit.revision)
      .limit(placeholder("limit")),
  ),
} as const satisfies Record<string, Statement>;
