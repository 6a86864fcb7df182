import { and, eq, exists, gt, inArray, lt, lte, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { KeyRow } from "../../rows.ts";
import type { Change } from "../../store.ts";
import type { Statement } from "../execute.ts";
import { bind, db, placeholder, prepare, rowOfPlaceholders } from "../query-builder.ts";
import { audit, keys, store } from "../schema.ts";
import { gateIsOurs, ifOurs, isTheStore, nextRevision, one } from "./gate.ts";

const entry = alias(audit, "entry");
const other = alias(audit, "other");

const isBelowFloor = and(gt(entry.revision, placeholder("above")), lte(entry.revision, placeholder("floor")));

const replaced = db
  .select({ revision: entry.revision })
  .from(entry)
  .where(
    and(
      isBelowFloor,
      exists(
        db
          .select(one)
          .from(other)
          .where(and(eq(other.resource, entry.resource), gt(other.revision, entry.revision))),
      ),
    ),
  );

const olderOfSameResource = db
  .select({ revision: other.revision })
  .from(entry)
  .innerJoin(other, and(eq(other.resource, entry.resource), lt(other.revision, entry.revision)))
  .where(isBelowFloor);

const signature = { keyId: sql`${placeholder("keyId")}`, mac: sql`${placeholder("mac")}` } as const;

const updateStore = (values: Parameters<ReturnType<typeof db.update<typeof store>>["set"]>[0]) =>
  prepare(db.update(store).set(values).where(and(isTheStore, gateIsOurs)));

export const storeWrites = {
  insertKey: prepare(db.insert(keys).select(ifOurs(rowOfPlaceholders(keys)))),
  sign: updateStore(signature),
  raiseEpoch: updateStore({ ...signature, epoch: sql`${store.epoch} + 1` }),
  raiseFloor: updateStore({ auditFloor: sql`${placeholder("floor")}` }),
  // The commit's own entry has a higher revision than any floor.
  deleteEntries: prepare(
    db.delete(audit).where(and(inArray(audit.revision, replaced.union(olderOfSameResource)), gateIsOurs)),
  ),
  closeGate: updateStore({ revision: nextRevision }),
} as const;

/** Registers check values of keys, and signs an empty store with its first MAC. */
export function keyStatements({ init, register = [] }: Change, ourWriteId: string): readonly Statement[] {
  const insert = (key: KeyRow) => bind(storeWrites.insertKey, { ...key, ourWriteId });
  const sign = init && bind(storeWrites.sign, { keyId: init.keyId, mac: init.mac, ourWriteId });
  return [...(init?.keys ?? []).map(insert), ...(sign ? [sign] : []), ...register.map(insert)];
}

/** Raises the audit floor, and deletes entries below it that newer entries of their resource have replaced. */
export function pruneStatements({ prune }: Change, ourWriteId: string): readonly Statement[] {
  if (prune === undefined) return [];
  return [storeWrites.raiseFloor, storeWrites.deleteEntries].map((write) => bind(write, { ...prune, ourWriteId }));
}
