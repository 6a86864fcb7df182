import { sql, type SQL } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { columnsOf, jsonArray, jsonRow } from "./json-row.ts";
import { audit, keys, policies, secrets, secretVersions, store, trustBundles } from "./schema.ts";
import { type Statement, statement } from "./statement.ts";

const { placeholder } = sql;

/** Milliseconds since the epoch, by the database's clock: one clock for all workers. Stands still within a statement. */
const now: SQL = sql`CAST(unixepoch('subsec') * 1000 AS INTEGER)`;

/** Every part of a load finds the row of the store as `s` and the verdicts on the caller as `v`: see {@link verdicts}. */
const ifShown = (query: SQL): SQL => sql`CASE WHEN v.shown THEN ${query} END`;
const ifProvable = (query: SQL): SQL => sql`CASE WHEN v.provable THEN ${query} END`;

/** The rows of a query that gives them as `x`, as a JSON array of what `row` makes of each, in its order. */
const listOf = (row: SQL, from: SQL): SQL => sql`(SELECT json_group_array(${row}) FROM ${from})`;

const auditRow = (alias: string): SQL => jsonRow(audit, alias);

/** The newest audit entry of a resource. */
const tailOf = (resource: SQL): SQL =>
  sql`(SELECT ${auditRow("a")} FROM ${audit} a WHERE a.resource = ${resource} ORDER BY a.revision DESC LIMIT 1)`;

/** A row of `table` as `x`, and behind its columns those of its newest audit entry, all NULL where there is none. */
const rowAndTail = (table: SQLiteTable): SQL => jsonRow(table, "x", columnsOf(audit, "a"));

const newestEntry = (resource: SQL): SQL =>
  sql`LEFT JOIN ${audit} a ON a.revision = (SELECT max(b.revision) FROM ${audit} b WHERE b.resource = ${resource})`;

/** Rows of `from`, each with its newest audit entry. */
const withTails = (table: SQLiteTable, from: SQL, resource: SQL): SQL =>
  listOf(rowAndTail(table), sql`(${from}) x ${newestEntry(resource)}`);

const policyResource: SQL = sql`'policy:' || x.name`;
const bundleResource: SQL = sql`'bundle:' || x.trust_domain`;

/**
 * Looks up each pair of tags by the index, whatever the planner believes of the lists' lengths: CROSS JOIN keeps the order
 * of the loops. JSON has no bytes, so tags travel as hexadecimal.
 */
const granting: SQL = sql`json_each(${placeholder("pathTags")}) t CROSS JOIN json_each(${placeholder("idTags")}) i
  CROSS JOIN ${policies} p ON p.path_tag = unhex(t.value) AND p.id_tag = unhex(i.value)`;

const grantingTo: SQL = sql`json_each(${placeholder("identityTags")}) i
  CROSS JOIN ${policies} p ON p.id_tag = unhex(i.value)`;

/** Whether the caller's claim may be provable: its domain has a bundle here, and the bundle has the key that is named. */
const provable: SQL = sql`EXISTS (
    SELECT 1 FROM ${trustBundles} b WHERE b.trust_domain = ${placeholder("guardDomain")}
      AND (${placeholder("guardKey")} IS NULL OR EXISTS (
        SELECT 1 FROM json_each(b.bundle, '$.keys') k
        WHERE CASE WHEN k.type = 'object' THEN json_extract(k.value, '$.kid') END = ${placeholder("guardKey")})))`;

const grants = (most: SQL): SQL => sql`(SELECT count(*) AS found, json_group_array(${rowAndTail(policies)}) AS list
  FROM (SELECT p.* FROM ${granting} LIMIT ${most}) x ${newestEntry(policyResource)})`;

/**
 * Whether anything is asked for. Behind a commit only if that has lost: whoever has won needs no more than to see that. Its
 * last statement changes the store's row then, and nothing if it has lost.
 */
const asked: SQL = sql`(${placeholder("always")} OR changes() = 0)`;

const grantsIf = (wanted: SQL): SQL => grants(sql`CASE WHEN ${wanted} THEN ${placeholder("grantLimit")} ELSE 0 END`);

/**
 * Where a load looks: the row of the store, and what is to be had at all. `provable`: everything for those who are known.
 * `shown`: for those whom policies restrict, only where one may concern them. SQLite works this out before it looks for
 * anything else, and looks for nothing that is not to be had.
 */
export const verdicts = {
  all: statement(
    sql` FROM ${store} s CROSS JOIN (SELECT w.asked, w.asked AS provable, w.asked AS shown
      FROM (SELECT ${asked} AS asked) w) v WHERE s.id = 1`,
  ),
  granted: statement(
    sql` FROM ${store} s CROSS JOIN (SELECT w.asked, w.asked AS provable, g.found > 0 AS shown, g.list AS grants
      FROM (SELECT ${asked} AS asked) w CROSS JOIN ${grantsIf(asked)} g) v WHERE s.id = 1`,
  ),
  proved: statement(
    sql` FROM ${store} s CROSS JOIN (SELECT w.asked, p.yes AS provable, p.yes AS shown
      FROM (SELECT ${asked} AS asked) w CROSS JOIN (SELECT ${asked} AND ${provable} AS yes) p) v WHERE s.id = 1`,
  ),
  provedAndGranted: statement(
    sql` FROM ${store} s CROSS JOIN (SELECT w.asked, p.yes AS provable, g.found > 0 AS shown, g.list AS grants
      FROM (SELECT ${asked} AS asked) w CROSS JOIN (SELECT ${asked} AND ${provable} AS yes) p
      CROSS JOIN ${grantsIf(sql`${asked} AND ${provable}`)} g) v WHERE s.id = 1`,
  ),
} as const satisfies Record<string, Statement>;

/** The head's `current` has passed its own end, so a lower version is current now. */
const lapsed: SQL = sql`h.current_until IS NOT NULL AND h.current_until <= ${now}`;

/** The highest live version of the head's path at this moment. */
const highestLive: SQL = sql`(SELECT max(l.number) FROM ${secretVersions} l WHERE l.path = h.path
  AND l.destroyed_at IS NULL AND (l.deleted_at IS NULL OR l.deleted_at > ${now}))`;

const stateColumns = columnsOf(secretVersions, "x", ["path", "revision", "sealed"]);
const state: SQL = jsonArray(stateColumns);
const pathAndState: SQL = jsonArray([sql`x.path`, ...stateColumns]);

const allStates: SQL = listOf(
  state,
  sql`(SELECT w.* FROM ${secretVersions} w WHERE w.path = ${placeholder("path")} ORDER BY w.number) x`,
);

const currentVersion: SQL = sql`${secrets} h JOIN ${secretVersions} x ON x.path = h.path
  AND x.number = CASE WHEN ${lapsed} THEN ${highestLive} ELSE h.current END WHERE h.path = ${placeholder("path")}`;

const numberedVersion: SQL = sql`${secretVersions} x
  WHERE x.path = ${placeholder("path")} AND x.number = ${placeholder("number")}`;

/** A version, and in a second column its value: bytes of any length, which hexadecimal would double. */
function versionReads(from: SQL): { readonly version: Statement; readonly sealed: Statement } {
  return {
    version: statement(ifShown(sql`(SELECT ${state} FROM ${from})`)),
    sealed: statement(ifShown(sql`(SELECT x.sealed FROM ${from})`)),
  };
}

/** Secrets in the range of the prefix: U+10FFFF encodes to the highest bytes there are, so it ends that. */
const inRange: SQL = sql`h.path > ${placeholder("pathsAfter")} AND h.path >= ${placeholder("prefix")}
  AND h.path < ${placeholder("prefix")} || char(1114111)`;

const pathList = (from: SQL): SQL =>
  listOf(sql`x.path`, sql`(SELECT h.path FROM ${from} ORDER BY h.path LIMIT ${placeholder("pathLimit")}) x`);

/**
 * Rows of `table` under other keys than the given one, by key and name: two ranges of the index, so that all the rows that
 * are under it already are not walked through.
 */
function outdatedRows(table: SQLiteTable, name: string): SQL {
  const named: SQL = sql`${sql.identifier(name)}`;
  const { afterKey, afterName, keyId, limit } = outdatedPlaces(name);
  const range = (side: SQL): SQL => sql`SELECT * FROM (SELECT key_id, ${named} AS name FROM ${table}
    WHERE (key_id, ${named}) > (${afterKey}, ${afterName}) AND key_id ${side} ${keyId}
    ORDER BY key_id, ${named} LIMIT ${limit})`;
  return sql`(SELECT * FROM (${range(sql`<`)} UNION ALL ${range(sql`>`)}) ORDER BY key_id, name LIMIT ${limit})`;
}

/** Places of one of the lists of outdated rows: a query may ask for several. */
function outdatedPlaces(name: string) {
  const place = (of: string): SQL => sql`${placeholder(`${name}_${of}`)}`;
  return { afterKey: place("afterKey"), afterName: place("afterName"), keyId: place("keyId"), limit: place("limit") };
}

/** Rows that are under other keys, each with its newest audit entry. */
function outdated(table: SQLiteTable, name: string, resource: SQL): Statement {
  const from: SQL = sql`SELECT t.* FROM ${outdatedRows(table, name)} o
    CROSS JOIN ${table} t ON t.${sql.identifier(name)} = o.name ORDER BY o.key_id, o.name`;
  return statement(withTails(table, from, resource));
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

/** The revision that a page of audit entries begins behind, and the page's length; of the page, or of its context. */
function pageOf(name: "audit" | "context") {
  const place = (of: string): SQL => sql`${placeholder(`${name}_${of}`)}`;
  return {
    start: sql`max(${place("after")}, CASE WHEN ${place("aboveFloor")} THEN s.audit_floor ELSE 0 END)`,
    limit: place("limit"),
  } as const;
}

const page = pageOf("audit");
const context = pageOf("context");

/** Filters that are off when their place holds NULL. */
const auditFilter: SQL = sql`a.revision > ${page.start}
  AND (${placeholder("upTo")} IS NULL OR a.revision <= ${placeholder("upTo")})
  AND (${placeholder("spiffeId")} IS NULL OR a.spiffe_id = ${placeholder("spiffeId")})
  AND (${placeholder("from")} IS NULL OR a.at >= ${placeholder("from")})
  AND (${placeholder("until")} IS NULL OR a.at < ${placeholder("until")})
  ORDER BY a.revision LIMIT ${page.limit}`;

const contextPage: SQL = sql`(SELECT revision, resource, base FROM ${audit} WHERE revision > ${context.start}
  ORDER BY revision LIMIT ${context.limit})`;

const entries = (from: SQL): Statement => statement(listOf(auditRow("x"), sql`(${from}) x`));

const single = (table: SQLiteTable, where: SQL): SQL =>
  sql`(SELECT ${jsonRow(table, "x")} FROM ${table} x WHERE ${where})`;

/** The parts of a load, each an expression that gives JSON or NULL. */
export const reads = {
  store: statement(jsonRow(store, "s", [now, sql`(SELECT hex(a.mac) FROM ${audit} a WHERE a.revision = s.revision)`])),
  keys: statement(
    listOf(jsonRow(keys, "k", [sql`EXISTS (SELECT 1 FROM ${policies} WHERE key_id = k.key_id)`]), sql`${keys} k`),
  ),
  head: statement(ifShown(single(secrets, sql`x.path = ${placeholder("path")}`))),
  current: versionReads(currentVersion),
  numbered: versionReads(numberedVersion),
  states: statement(ifShown(allStates)),
  statesIfLapsed: statement(
    ifShown(
      sql`CASE WHEN EXISTS (SELECT 1 FROM ${secrets} h WHERE h.path = ${placeholder("path")} AND ${lapsed})
        THEN ${allStates} END`,
    ),
  ),
  tail: statement(ifShown(tailOf(sql`'secret:' || ${placeholder("path")}`))),
  chain: statement(ifShown(tailOf(sql`${placeholder("chainOf")}`))),
  replay: statement(single(audit, sql`x.write_id = ${placeholder("w")}`)),
  paths: statement(ifShown(pathList(sql`${secrets} h WHERE ${inRange}`))),
  pathsWithin: statement(
    ifProvable(
      pathList(
        sql`json_each(${placeholder("within")}) p
          CROSS JOIN ${secrets} h ON h.path >= p.value AND h.path < p.value || char(1114111) WHERE ${inRange}`,
      ),
    ),
  ),
  asked: statement(sql`v.asked`),
  grants: statement(sql`v.grants`),
  identityGrants: statement(
    ifProvable(
      withTails(policies, sql`SELECT p.* FROM ${grantingTo} LIMIT ${placeholder("identityLimit")}`, policyResource),
    ),
  ),
  policies: statement(
    ifShown(
      withTails(
        policies,
        sql`SELECT p.* FROM ${policies} p WHERE p.name > ${placeholder("policiesAfter")}
          ORDER BY p.name LIMIT ${placeholder("policiesLimit")}`,
        policyResource,
      ),
    ),
  ),
  policy: statement(ifShown(single(policies, sql`x.name = ${placeholder("policy")}`))),
  policyTail: statement(ifShown(tailOf(sql`'policy:' || ${placeholder("policy")}`))),
  trust: statement(ifProvable(single(trustBundles, sql`x.trust_domain = ${placeholder("guardDomain")}`))),
  trustTail: statement(ifProvable(tailOf(sql`'bundle:' || ${placeholder("guardDomain")}`))),
  // Not guarded: the verbs of bundles are the superuser's.
  bundle: statement(single(trustBundles, sql`x.trust_domain = ${placeholder("bundleOf")}`)),
  bundleTail: statement(tailOf(sql`'bundle:' || ${placeholder("bundleOf")}`)),
  bundles: statement(
    withTails(
      trustBundles,
      sql`SELECT b.* FROM ${trustBundles} b WHERE b.trust_domain > ${placeholder("bundlesAfter")}
        ORDER BY b.trust_domain LIMIT ${placeholder("bundlesLimit")}`,
      bundleResource,
    ),
  ),
  audit: entries(sql`SELECT a.* FROM ${audit} a WHERE ${auditFilter}`),
  auditOf: entries(sql`SELECT a.* FROM ${audit} a WHERE a.resource = ${placeholder("auditOf")} AND ${auditFilter}`),
  auditContext: entries(
    sql`SELECT a.* FROM ${audit} a WHERE a.revision <= ${context.start} AND a.revision IN (
        SELECT (SELECT max(b.revision) FROM ${audit} b WHERE b.resource = p.resource AND b.revision < p.revision)
          FROM ${contextPage} p
        UNION SELECT p.base FROM ${contextPage} p UNION SELECT ${context.start})
      ORDER BY a.revision`,
  ),
  keyUse: statement(
    listOf(
      sql`json_array(k.key_id, EXISTS (SELECT 1 FROM ${secrets} WHERE key_id = k.key_id)
        OR EXISTS (SELECT 1 FROM ${policies} WHERE key_id = k.key_id)
        OR EXISTS (SELECT 1 FROM ${trustBundles} WHERE key_id = k.key_id)
        OR EXISTS (SELECT 1 FROM ${store} WHERE key_id = k.key_id))`,
      sql`${keys} k`,
    ),
  ),
  keyCounts: statement(
    listOf(
      jsonArray([sql`x.key_id`, ...COUNTED.map((column) => sql`x.${sql.identifier(column)}`)]),
      sql`(SELECT key_id, ${sql.join(
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
      )}) GROUP BY key_id ORDER BY key_id) x`,
    ),
  ),
  outdatedSecrets: outdated(secrets, "path", sql`'secret:' || x.path`),
  outdatedStates: statement(
    listOf(
      pathAndState,
      sql`(SELECT w.* FROM ${outdatedRows(secrets, "path")} o CROSS JOIN ${secretVersions} w ON w.path = o.name
        ORDER BY w.path, w.number) x`,
    ),
  ),
  outdatedPolicies: outdated(policies, "name", policyResource),
  outdatedBundles: outdated(trustBundles, "trust_domain", bundleResource),
  outdatedDeletions: entries(
    sql`SELECT d.* FROM ${deletions} d WHERE d.key_id <> ${outdatedPlaces("resource").keyId}
      AND (d.key_id, d.resource) > (${outdatedPlaces("resource").afterKey}, ${outdatedPlaces("resource").afterName})
      ORDER BY d.key_id, d.resource LIMIT ${outdatedPlaces("resource").limit}`,
  ),
} as const satisfies Record<string, Statement | Readonly<Record<string, Statement>>>;
