import { sql, type SQL } from "drizzle-orm";
import { QueryBuilder, type SQLiteTable } from "drizzle-orm/sqlite-core";
import { audit, keys, policies, secrets, secretVersions, store, trustBundles } from "./schema.ts";
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

/**
 * Looks up each pair of tags by the index, whatever the planner believes of the lists' lengths: CROSS JOIN keeps the order
 * of the loops. JSON has no bytes, so tags travel as hexadecimal.
 */
const granting: SQL = sql`json_each(${placeholder("pathTags")}) t CROSS JOIN json_each(${placeholder("idTags")}) i
  CROSS JOIN ${policies} p ON p.path_tag = unhex(t.value) AND p.id_tag = unhex(i.value)`;

/** Whether the caller's claim may be provable: its domain has a bundle here, and the bundle has the key that is named. */
const provable: SQL = sql`(${placeholder("trusted")} OR EXISTS (
    SELECT 1 FROM ${trustBundles} b WHERE b.trust_domain = ${placeholder("guardDomain")}
      AND (${placeholder("guardKey")} IS NULL OR EXISTS (
        SELECT 1 FROM json_each(b.bundle, '$.keys') k
        WHERE CASE WHEN k.type = 'object' THEN json_extract(k.value, '$.kid') END = ${placeholder("guardKey")}))))`;

/** The most rows that a statement gives: `most`, or none where the caller's claim can't be proved. */
const ifProvable = (most: SQL): SQL => sql`CASE WHEN ${provable} THEN ${most} ELSE 0 END`;

/**
 * The most rows that a statement gives: `most`, or none where the caller needs a policy and none may concern it, or where
 * its claim can't be proved. SQLite works this out before it looks at the first row.
 */
const unlessHidden = (most: SQL): SQL => sql`CASE WHEN ${provable} AND (${placeholder("open")} OR EXISTS (
    SELECT 1 FROM json_each(${placeholder("guardPaths")}) t CROSS JOIN json_each(${placeholder("guardIds")}) i
      CROSS JOIN ${policies} p ON p.path_tag = unhex(t.value) AND p.id_tag = unhex(i.value)
  )) THEN ${most} ELSE 0 END`;

const given: SQL = sql`${placeholder("limit")}`;

const grantingTo: SQL = sql`json_each(${placeholder("idTags")}) i CROSS JOIN ${policies} p ON p.id_tag = unhex(i.value)`;

const listed: SQL = sql`${policies} p WHERE p.name > ${placeholder("after")} ORDER BY p.name`;

/** Policies, and in a second statement their newest audit entries. */
function policyReads(from: SQL, limit: SQL): { readonly rows: Statement; readonly tails: Statement } {
  return {
    rows: statement(sql`SELECT p.* FROM ${from} LIMIT ${limit}`),
    tails: statement(
      sql`SELECT a.* FROM (SELECT p.name FROM ${from} LIMIT ${limit}) found
        CROSS JOIN ${audit} a ON a.revision =
          (SELECT max(b.revision) FROM ${audit} b WHERE b.resource = 'policy:' || found.name)`,
    ),
  };
}

/**
 * Rows of `table` under other keys than the given one, by key and name: two ranges of the index, so that all the rows that
 * are under it already are not walked through.
 */
function outdatedRows(table: SQLiteTable, name: string): SQL {
  const named: SQL = sql`${sql.identifier(name)}`;
  const range = (side: SQL): SQL => sql`SELECT * FROM (SELECT key_id, ${named} AS name FROM ${table}
    WHERE (key_id, ${named}) > (${placeholder("afterKey")}, ${placeholder("afterName")})
      AND key_id ${side} ${placeholder("keyId")} ORDER BY key_id, ${named} LIMIT ${placeholder("limit")})`;
  return sql`(SELECT * FROM (${range(sql`<`)} UNION ALL ${range(sql`>`)})
    ORDER BY key_id, name LIMIT ${placeholder("limit")})`;
}

/** Rows that are under other keys, and in a second statement their newest audit entries. */
function outdatedReads(table: SQLiteTable, name: string, resource: SQL) {
  const found = outdatedRows(table, name);
  return {
    rows: statement(
      sql`SELECT t.* FROM ${found} o CROSS JOIN ${table} t ON t.${sql.identifier(name)} = o.name
        ORDER BY o.key_id, o.name`,
    ),
    tails: statement(
      sql`SELECT a.* FROM ${found} o CROSS JOIN ${audit} a ON a.revision =
        (SELECT max(b.revision) FROM ${audit} b WHERE b.resource = ${resource} || o.name)`,
    ),
  } as const;
}

/** Newest audit entries of policies and bundles that are no more. */
const deletions: SQL = sql`(SELECT a.* FROM ${audit} a
  WHERE ((a.resource >= 'policy:' AND a.resource < 'policy;'
      AND NOT EXISTS (SELECT 1 FROM ${policies} WHERE name = substr(a.resource, 8)))
    OR (a.resource >= 'bundle:' AND a.resource < 'bundle;'
      AND NOT EXISTS (SELECT 1 FROM ${trustBundles} WHERE trust_domain = substr(a.resource, 8))))
    AND NOT EXISTS (SELECT 1 FROM ${audit} b WHERE b.resource = a.resource AND b.revision > a.revision))`;

/** How many rows of `from` each key has, as the column `name`; the others are 0. */
const COUNTED = ["secrets", "policies", "bundles", "store", "deletions", "entries"] as const;
const counted = (from: SQL, name: (typeof COUNTED)[number]): SQL =>
  sql`SELECT key_id, ${sql.join(
    COUNTED.map((column) => sql`${column === name ? sql`count(*)` : sql`0`} AS ${sql.identifier(column)}`),
    sql`, `,
  )} FROM ${from} GROUP BY key_id`;

/** The revision that a page of audit entries begins behind. */
const auditStart: SQL = sql`max(${placeholder("after")},
  CASE WHEN ${placeholder("aboveFloor")} THEN (SELECT audit_floor FROM ${store} WHERE id = 1) ELSE 0 END)`;

/** Filters that are off when their place holds NULL. */
const auditFilter: SQL = sql`a.revision > ${auditStart}
  AND (${placeholder("upTo")} IS NULL OR a.revision <= ${placeholder("upTo")})
  AND (${placeholder("spiffeId")} IS NULL OR a.spiffe_id = ${placeholder("spiffeId")})
  AND (${placeholder("from")} IS NULL OR a.at >= ${placeholder("from")})
  AND (${placeholder("until")} IS NULL OR a.at < ${placeholder("until")})
  ORDER BY a.revision LIMIT ${placeholder("limit")}`;

const auditPage: SQL = sql`(SELECT revision, resource, base FROM ${audit} WHERE revision > ${auditStart}
  ORDER BY revision LIMIT ${placeholder("limit")})`;

const trustRow: SQL = sql`SELECT b.* FROM ${trustBundles} b WHERE b.trust_domain = ${placeholder("guardDomain")}`;

const trustTail: SQL = sql`SELECT a.* FROM ${audit} a WHERE a.resource = 'bundle:' || ${placeholder("guardDomain")}
  ORDER BY a.revision DESC`;

const built = (select: { getSQL(): SQL }): Statement => statement(select.getSQL());

/** The same, of what the caller may need a policy for. */
const guarded = (select: { getSQL(): SQL }, most: SQL = sql`-1`): Statement =>
  statement(sql`${select.getSQL()} LIMIT ${unlessHidden(most)}`);

/** The SELECTs of a load, which also end every commit. Columns come back in the order of the schema. */
export const reads = {
  store: statement(
    sql`SELECT *, ${now} AS now,
      (SELECT a.mac FROM ${audit} a WHERE a.revision = ${store.revision}) AS newest
      FROM ${store} WHERE ${store.id} = 1`,
  ),
  keys: statement(
    sql`SELECT k.*, EXISTS (SELECT 1 FROM ${policies} WHERE key_id = k.key_id) AS has_policies FROM ${keys} k`,
  ),
  head: guarded(
    query
      .select()
      .from(secrets)
      .where(sql`${secrets.path} = ${placeholder("path")}`),
  ),
  currentVersion: guarded(
    query
      .select({ ...state, sealed: secretVersions.sealed })
      .from(secretVersions)
      .innerJoin(secrets, sql`${secrets.path} = ${secretVersions.path}`)
      .where(
        sql`${secrets.path} = ${placeholder("path")} AND ${secretVersions.number} =
          CASE WHEN ${lapsed} THEN ${highestLive} ELSE ${secrets.current} END`,
      ),
  ),
  numberedVersion: guarded(
    query
      .select({ ...state, sealed: secretVersions.sealed })
      .from(secretVersions)
      .where(
        sql`${secretVersions.path} = ${placeholder("path")} AND ${secretVersions.number} = ${placeholder("number")}`,
      ),
  ),
  states: guarded(
    query
      .select(state)
      .from(secretVersions)
      .where(sql`${secretVersions.path} = ${placeholder("path")}`)
      .orderBy(secretVersions.number),
  ),
  statesIfLapsed: guarded(
    query
      .select(state)
      .from(secretVersions)
      .where(
        sql`${secretVersions.path} = ${placeholder("path")}
          AND EXISTS (SELECT 1 FROM ${secrets} WHERE ${secrets.path} = ${placeholder("path")} AND ${lapsed})`,
      )
      .orderBy(secretVersions.number),
  ),
  tail: guarded(
    query
      .select()
      .from(audit)
      .where(sql`${audit.resource} = ${placeholder("resource")}`)
      .orderBy(sql`${audit.revision} DESC`),
    sql`1`,
  ),
  replay: built(
    query
      .select()
      .from(audit)
      .where(sql`${audit.writeId} = ${placeholder("w")}`),
  ),
  paths: guarded(
    query
      .select({ path: secrets.path })
      .from(secrets)
      // U+10FFFF encodes to the highest bytes there are, so this ends the range of the prefix.
      .where(
        sql`${secrets.path} > ${placeholder("after")} AND ${secrets.path} >= ${placeholder("prefix")}
          AND ${secrets.path} < ${placeholder("prefix")} || char(1114111)`,
      )
      .orderBy(secrets.path),
    given,
  ),
  pathsWithin: statement(
    sql`SELECT s.path FROM json_each(${placeholder("within")}) w
      CROSS JOIN ${secrets} s ON s.path >= w.value AND s.path < w.value || char(1114111)
      WHERE s.path > ${placeholder("after")} AND s.path >= ${placeholder("prefix")}
        AND s.path < ${placeholder("prefix")} || char(1114111)
      ORDER BY s.path LIMIT ${ifProvable(given)}`,
  ),
  grants: policyReads(granting, ifProvable(given)),
  identityGrants: policyReads(grantingTo, ifProvable(given)),
  policies: policyReads(listed, unlessHidden(given)),
  policy: guarded(
    query
      .select()
      .from(policies)
      .where(sql`${policies.name} = ${placeholder("name")}`),
  ),
  trust: statement(sql`${trustRow} LIMIT ${ifProvable(sql`1`)}`),
  trustTail: statement(sql`${trustTail} LIMIT ${ifProvable(sql`1`)}`),
  // Not guarded: the verbs of bundles are the superuser's.
  bundle: built(
    query
      .select()
      .from(trustBundles)
      .where(sql`${trustBundles.trustDomain} = ${placeholder("trustDomain")}`),
  ),
  bundleTail: statement(
    sql`SELECT a.* FROM ${audit} a WHERE a.resource = 'bundle:' || ${placeholder("trustDomain")}
      ORDER BY a.revision DESC LIMIT 1`,
  ),
  bundles: built(
    query
      .select()
      .from(trustBundles)
      .where(sql`${trustBundles.trustDomain} > ${placeholder("after")}`)
      .orderBy(trustBundles.trustDomain)
      .limit(placeholder("limit")),
  ),
  bundleTails: statement(
    sql`SELECT a.* FROM (SELECT b.trust_domain FROM ${trustBundles} b WHERE b.trust_domain > ${placeholder("after")}
        ORDER BY b.trust_domain LIMIT ${placeholder("limit")}) found
      CROSS JOIN ${audit} a ON a.revision =
        (SELECT max(b.revision) FROM ${audit} b WHERE b.resource = 'bundle:' || found.trust_domain)`,
  ),
  audit: statement(sql`SELECT a.* FROM ${audit} a WHERE ${auditFilter}`),
  auditOf: statement(sql`SELECT a.* FROM ${audit} a WHERE a.resource = ${placeholder("resource")} AND ${auditFilter}`),
  auditContext: statement(
    sql`SELECT a.* FROM ${audit} a WHERE a.revision <= ${auditStart} AND a.revision IN (
        SELECT (SELECT max(b.revision) FROM ${audit} b WHERE b.resource = p.resource AND b.revision < p.revision)
          FROM ${auditPage} p
        UNION SELECT p.base FROM ${auditPage} p UNION SELECT ${auditStart})
      ORDER BY a.revision`,
  ),
  keyUse: statement(
    sql`SELECT k.key_id, (EXISTS (SELECT 1 FROM ${secrets} WHERE key_id = k.key_id)
        OR EXISTS (SELECT 1 FROM ${policies} WHERE key_id = k.key_id)
        OR EXISTS (SELECT 1 FROM ${trustBundles} WHERE key_id = k.key_id)
        OR EXISTS (SELECT 1 FROM ${store} WHERE key_id = k.key_id)) AS used
      FROM ${keys} k`,
  ),
  keyCounts: statement(
    sql`SELECT key_id, ${sql.join(
      COUNTED.map((column) => sql`sum(${sql.identifier(column)}) AS ${sql.identifier(column)}`),
      sql`, `,
    )} FROM (${sql.join(
      [
        counted(sql`${secrets}`, "secrets"),
        counted(sql`${policies}`, "policies"),
        counted(sql`${trustBundles}`, "bundles"),
        counted(sql`(SELECT key_id FROM ${store} WHERE key_id IS NOT NULL)`, "store"),
        counted(deletions, "deletions"),
        counted(sql`${audit}`, "entries"),
        sql`SELECT key_id, 0, 0, 0, 0, 0, 0 FROM ${keys}`,
      ],
      sql` UNION ALL `,
    )}) GROUP BY key_id ORDER BY key_id`,
  ),
  outdatedSecrets: {
    ...outdatedReads(secrets, "path", sql`'secret:'`),
    states: statement(
      sql`SELECT v.path, v.number, v.write_id, v.created_at, v.deleted_at, v.destroyed_at
        FROM ${outdatedRows(secrets, "path")} o CROSS JOIN ${secretVersions} v ON v.path = o.name
        ORDER BY v.path, v.number`,
    ),
  },
  outdatedPolicies: outdatedReads(policies, "name", sql`'policy:'`),
  outdatedBundles: outdatedReads(trustBundles, "trust_domain", sql`'bundle:'`),
  outdatedDeletions: statement(
    sql`SELECT d.* FROM ${deletions} d WHERE d.key_id <> ${placeholder("keyId")}
      AND (d.key_id, d.resource) > (${placeholder("afterKey")}, ${placeholder("afterName")})
      ORDER BY d.key_id, d.resource LIMIT ${placeholder("limit")}`,
  ),
} as const satisfies Record<string, Statement | Readonly<Record<string, Statement>>>;
