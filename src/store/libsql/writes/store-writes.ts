import { bytesToHex } from "@noble/curves/utils.js";
import { and, eq, exists, getTableColumns, gt, inArray, lt, lte, sql, type SQL } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { MAX_AHEAD_MS } from "../../heartbeat-time.ts";
import type { KeyRow } from "../../rows.ts";
import type { Change } from "../../store.ts";
import type { Statement } from "../execute.ts";
import { bind, db, placeholder, prepare, rowOfPlaceholders } from "../query-builder.ts";
import { audit, authority, heartbeat, keys, store } from "../schema.ts";
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

/** Replaces the heartbeat by a newer one. One from the future is replaced too: its author's clock was wrong. */
export const onBeat = () => ({
  target: heartbeat.id,
  set: Object.fromEntries(
    Object.entries(getTableColumns(heartbeat)).map(([key, { name }]) => [key, sql`excluded.${sql.identifier(name)}`]),
  ),
  setWhere: sql`excluded.at > ${heartbeat.at} or ${heartbeat.at} > excluded.at + ${sql.raw(String(MAX_AHEAD_MS))}`,
});

const updateStore = (values: Parameters<ReturnType<typeof db.update<typeof store>>["set"]>[0]) =>
  prepare(db.update(store).set(values).where(and(isTheStore, gateIsOurs)));

const writeIdBeyond: SQL = sql`${db
  .select({ writeId: audit.writeId })
  .from(audit)
  .where(eq(audit.revision, sql`${placeholder("beyond")} + 1`))}`;

export const storeWrites = {
  // Never lowers the revision: if the gate stayed closed because this leap was committed before, the store is above it.
  leap: prepare(
    db
      .update(store)
      .set({ revision: sql`${placeholder("beyond")}` })
      .where(and(isTheStore, lt(store.revision, placeholder("beyond")), eq(writeIdBeyond, placeholder("ourWriteId")))),
  ),
  insertKey: prepare(db.insert(keys).select(ifOurs(rowOfPlaceholders(keys)))),
  sign: updateStore(signature),
  raiseEpoch: updateStore({
    ...signature,
    epoch: sql`${placeholder("nextEpoch")}`,
    auditFloor: sql`${placeholder("auditFloor")}`,
    authority: sql`${placeholder("authority")}`,
    generation: sql`${placeholder("generation")}`,
    acknowledged: sql`${placeholder("acknowledged")}`,
  }),
  /** One placeholder for any number of nodes: a JSON list. */
  putNodes: prepare(
    db
      .insert(authority)
      .select(
        sql`select json_extract(value, '$[0]'), unhex(json_extract(value, '$[1]')) from json_each(${placeholder("nodes")}) where ${gateIsOurs}`,
      )
      .onConflictDoUpdate({ target: authority.id, set: { content: sql`excluded.content` } }),
  ),
  // The commit's own entry has a higher revision than any floor.
  deleteEntries: prepare(
    db.delete(audit).where(and(inArray(audit.revision, replaced.union(olderOfSameResource)), gateIsOurs)),
  ),
  beat: prepare(
    db
      .insert(heartbeat)
      .select(ifOurs({ ...rowOfPlaceholders(heartbeat), revision: nextRevision.as("revision") }))
      .onConflictDoUpdate(onBeat()),
  ),
  closeGate: updateStore({ revision: nextRevision }),
} as const;

/**
 * Raises the store's revision to one below the audit entry that the gate inserted for a leap. From there on, that entry is one
 * revision ahead of the store, like the entry of every other commit.
 */
export function leapStatements({ beyond }: Change, ourWriteId: string): readonly Statement[] {
  return beyond === undefined ? [] : [bind(storeWrites.leap, { beyond, ourWriteId })];
}

/** Registers check values of keys, and signs an empty store with its first MAC. */
export function keyStatements({ init, register = [] }: Change, ourWriteId: string): readonly Statement[] {
  const insert = (key: KeyRow) => bind(storeWrites.insertKey, { ...key, ourWriteId });
  const sign = init && bind(storeWrites.sign, { keyId: init.keyId, mac: init.mac, ourWriteId });
  return [...(init?.keys ?? []).map(insert), ...(sign ? [sign] : []), ...register.map(insert)];
}

/** Deletes entries below the new audit floor that newer entries of their resource have replaced. */
export function pruneStatements({ prune }: Change, ourWriteId: string): readonly Statement[] {
  return prune === undefined ? [] : [bind(storeWrites.deleteEntries, { ...prune, ourWriteId })];
}

/** Raises the epoch, and stores the changed nodes of the authority trie. */
export function authorityStatements(
  { nodes, ...state }: NonNullable<Change["authority"]>,
  { writeId: ourWriteId, epoch }: Change["audit"],
): readonly Statement[] {
  const changed = nodes.map(({ id, content }) => [id, bytesToHex(content)]);
  return [
    ...(changed.length === 0 ? [] : [bind(storeWrites.putNodes, { nodes: JSON.stringify(changed), ourWriteId })]),
    bind(storeWrites.raiseEpoch, { ...state, nextEpoch: epoch + 1, ourWriteId }),
  ];
}
