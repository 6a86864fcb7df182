import { getTableColumns, sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { audit, keys, policies, secrets, secretVersions, store, trustBundles } from "./schema.ts";
import { statement } from "./statement.ts";

const { placeholder } = sql;

/** The revision that this commit is going to have. */
const next: SQL = sql`(SELECT revision + 1 FROM ${store} WHERE id = 1)`;

/**
 * The gate stands open for the commit whose audit entry is one ahead of the store's revision. Only the commit that has
 * just inserted that entry sees its own write id here, and its last statement closes the gate by catching up.
 *
 * The gate is the audit entry and no guard on the changed row: such a guard has nothing left to test after a delete,
 * and passes for both of two workers that run one write id.
 */
const open: SQL = sql`(SELECT a.write_id FROM ${audit} a JOIN ${store} s ON a.revision = s.revision + 1
  WHERE s.id = 1) = ${placeholder("w")}`;

const headUnchanged: SQL = sql`EXISTS (SELECT 1 FROM ${secrets}
  WHERE path = ${placeholder("path")} AND version = ${placeholder("seen")})`;

const headMissing: SQL = sql`NOT EXISTS (SELECT 1 FROM ${secrets} WHERE path = ${placeholder("path")})`;

/** A row found missing has not come and gone since: whatever did that would have left an entry. */
const untouched: SQL = sql`NOT EXISTS (SELECT 1 FROM ${audit} WHERE resource = ${placeholder("resource")}
  AND revision > ${placeholder("tail")})`;

/** Column names in the schema's order, and a place of the same key for each but those in `assigned`. */
function columns(table: SQLiteTable, assigned: Readonly<Record<string, SQL>>): { names: SQL; places: SQL } {
  const entries = Object.entries(getTableColumns(table));
  return {
    names: sql.join(
      entries.map(([, column]) => sql.identifier(column.name)),
      sql`, `,
    ),
    places: sql.join(
      entries.map(([key]) => assigned[key] ?? sql`${placeholder(key)}`),
      sql`, `,
    ),
  };
}

const auditColumns = columns(audit, { revision: sql`s.revision + 1` });
const secretColumns = columns(secrets, { version: next });
const versionColumns = columns(secretVersions, { revision: next });

const gate = (precondition: SQL) =>
  statement(sql`INSERT INTO ${audit} (${auditColumns.names})
    SELECT ${auditColumns.places} FROM ${store} s
    WHERE s.id = 1 AND s.epoch = ${placeholder("epoch")} AND (${placeholder("init")} = 0 OR s.revision = 0)
      AND ${precondition} AND NOT EXISTS (SELECT 1 FROM ${audit} WHERE write_id = ${placeholder("w")})
    RETURNING revision`);

/** Sets every column but the primary key to the place of its name; `version` is assigned. */
const assignments = (table: SQLiteTable, primary: string): SQL =>
  sql.join(
    Object.entries(getTableColumns(table))
      .filter(([key]) => key !== primary)
      .map(([key, column]) => sql`${sql.identifier(column.name)} = ${key === "version" ? next : placeholder(key)}`),
    sql`, `,
  );

/** The statements of a table whose rows are replaced as wholes, found by the place of their primary key. */
function rowWrites(table: SQLiteTable, primary: string, column: SQLiteColumn) {
  const { names, places } = columns(table, { version: next });
  const named: SQL = sql`${sql.identifier(column.name)} = ${placeholder(primary)}`;
  const unchanged: SQL = sql`${named} AND version = ${placeholder("seen")}`;
  return {
    gateCreate: gate(sql`NOT EXISTS (SELECT 1 FROM ${table} WHERE ${named}) AND ${untouched}`),
    gateUpdate: gate(sql`EXISTS (SELECT 1 FROM ${table} WHERE ${unchanged})`),
    insert: statement(sql`INSERT INTO ${table} (${names}) SELECT ${places} WHERE ${open}`),
    update: statement(sql`UPDATE ${table} SET ${assignments(table, primary)} WHERE ${unchanged} AND ${open}`),
    remove: statement(sql`DELETE FROM ${table} WHERE ${unchanged} AND ${open}`),
  } as const;
}

const floor: SQL = sql`${placeholder("floor")}`;

/** Audit entries that pruning up to `floor` lets go of: those that a newer entry of their resource has replaced. */
const outdated: SQL = sql`(SELECT a.revision FROM ${audit} a
    WHERE a.revision > ${placeholder("above")} AND a.revision <= ${floor}
      AND EXISTS (SELECT 1 FROM ${audit} b WHERE b.resource = a.resource AND b.revision > a.revision)
  UNION SELECT b.revision FROM ${audit} a JOIN ${audit} b ON b.resource = a.resource AND b.revision < a.revision
    WHERE a.revision > ${placeholder("above")} AND a.revision <= ${floor})`;

const numbers: SQL = sql`number IN (SELECT value FROM json_each(${placeholder("numbers")}))`;

/** The statements of a commit, in the order in which they run; all but the gates do nothing unless the gate is open. */
export const writes = {
  gateCreate: gate(sql`${headMissing} AND ${untouched}`),
  gateUpdate: gate(headUnchanged),
  gateBare: gate(untouched),
  insertHead: statement(
    sql`INSERT INTO ${secrets} (${secretColumns.names}) SELECT ${secretColumns.places} WHERE ${open}`,
  ),
  updateHead: statement(
    sql`UPDATE ${secrets} SET ${assignments(secrets, "path")}
      WHERE path = ${placeholder("path")} AND version = ${placeholder("seen")} AND ${open}`,
  ),
  deleteHead: statement(
    sql`DELETE FROM ${secrets} WHERE path = ${placeholder("path")} AND version = ${placeholder("seen")} AND ${open}`,
  ),
  deleteVersions: statement(sql`DELETE FROM ${secretVersions} WHERE path = ${placeholder("path")} AND ${open}`),
  prune: statement(
    sql`DELETE FROM ${secretVersions}
      WHERE path = ${placeholder("path")} AND number < ${placeholder("below")} AND ${open}`,
  ),
  softDelete: statement(
    sql`UPDATE ${secretVersions} SET deleted_at = ${placeholder("at")}
      WHERE path = ${placeholder("path")} AND ${numbers} AND ${open}`,
  ),
  restore: statement(
    sql`UPDATE ${secretVersions} SET deleted_at = NULL
      WHERE path = ${placeholder("path")} AND ${numbers} AND ${open}`,
  ),
  insertVersion: statement(
    sql`INSERT INTO ${secretVersions} (${versionColumns.names}) SELECT ${versionColumns.places} WHERE ${open}`,
  ),
  policy: rowWrites(policies, "name", policies.name),
  bundle: rowWrites(trustBundles, "trustDomain", trustBundles.trustDomain),
  insertKey: statement(
    sql`INSERT INTO ${keys} (key_id, check_value, created_at)
      SELECT ${placeholder("keyId")}, ${placeholder("checkValue")}, ${placeholder("createdAt")} WHERE ${open}`,
  ),
  signStore: statement(
    sql`UPDATE ${store} SET key_id = ${placeholder("keyId")}, mac = ${placeholder("mac")} WHERE id = 1 AND ${open}`,
  ),
  raiseEpoch: statement(
    sql`UPDATE ${store} SET epoch = epoch + 1, key_id = ${placeholder("keyId")}, mac = ${placeholder("mac")}
      WHERE id = 1 AND ${open}`,
  ),
  raiseFloor: statement(sql`UPDATE ${store} SET audit_floor = ${floor} WHERE id = 1 AND ${open}`),
  // The entry of the commit itself is above every floor.
  deleteEntries: statement(sql`DELETE FROM ${audit} WHERE revision IN ${outdated} AND ${open}`),
  close: statement(sql`UPDATE ${store} SET revision = revision + 1 WHERE id = 1 AND ${open}`),
} as const;
