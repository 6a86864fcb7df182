import { and, eq, gt, notExists, or, sql, type SQL } from "drizzle-orm";
import { db, placeholder, rowOfPlaceholders, prepare, type Template } from "../query-builder.ts";
import { audit, store } from "../schema.ts";

/** Selects a 1: what `EXISTS` needs. */
export const one = { one: sql`1` } as const;

export const isTheStore: SQL = eq(store.id, sql`1`);

/** The revision that this commit will have, in a query from `store`. */
export const nextRevision: SQL = sql`${store.revision} + 1`;

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

/**
 * The first statement of a commit: inserts its audit entry if the store's epoch is the one it was decided on, `precondition`
 * holds, and its write id was never committed. Returns the new revision, or no row.
 */
export function gate(precondition: SQL | undefined): Template {
  const isFirst = or(eq(placeholder("isInit"), sql`0`), eq(store.revision, sql`0`));
  return prepare(
    db
      .insert(audit)
      .select(
        db
          .select({ ...rowOfPlaceholders(audit), revision: nextRevision.as("revision") })
          .from(store)
          .where(
            and(isTheStore, eq(store.epoch, placeholder("epoch")), isFirst, precondition, notExists(wasCommitted)),
          ),
      )
      .returning({ revision: audit.revision }),
  );
}
