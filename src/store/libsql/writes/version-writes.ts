import { and, eq, lt, sql } from "drizzle-orm";
import type { VersionChanges } from "../../store.ts";
import type { Statement } from "../execute.ts";
import { bind, db, placeholder, prepare, rowOfPlaceholders } from "../query-builder.ts";
import { secretVersions } from "../schema.ts";
import { gateIsOurs, ifOurs, nextRevision } from "./gate.ts";

const atPath = eq(secretVersions.path, placeholder("path"));

/** One placeholder for any count of numbers: a JSON list. */
const isListed = sql`${secretVersions.number} in (select value from json_each(${placeholder("numbers")}))`;

export const versionWrites = {
  prune: prepare(
    db.delete(secretVersions).where(and(atPath, lt(secretVersions.number, placeholder("below")), gateIsOurs)),
  ),
  insert: prepare(
    db
      .insert(secretVersions)
      .select(ifOurs({ ...rowOfPlaceholders(secretVersions), revision: nextRevision.as("revision") })),
  ),
  softDelete: prepare(
    db
      .update(secretVersions)
      .set({ deletedAt: sql`${placeholder("at")}` })
      .where(and(atPath, isListed, gateIsOurs)),
  ),
  restore: prepare(
    db
      .update(secretVersions)
      .set({ deletedAt: null })
      .where(and(atPath, isListed, gateIsOurs)),
  ),
} as const;

/** Old versions are pruned before the new one is inserted, so the secret never has more rows than it keeps. */
export function versionStatements(
  changes: VersionChanges,
  of: { readonly path: string; readonly ourWriteId: string },
): readonly Statement[] {
  const { insert, pruneBelow, softDelete, restore } = changes;
  const statements: Statement[] = [];
  if (pruneBelow !== undefined) statements.push(bind(versionWrites.prune, { ...of, below: pruneBelow }));
  if (insert !== undefined) statements.push(bind(versionWrites.insert, { ...insert, ...of }));
  if (softDelete !== undefined) {
    const { numbers, at } = softDelete;
    statements.push(bind(versionWrites.softDelete, { ...of, numbers: JSON.stringify(numbers), at }));
  }
  if (restore !== undefined) {
    statements.push(bind(versionWrites.restore, { ...of, numbers: JSON.stringify(restore.numbers) }));
  }
  return statements;
}
