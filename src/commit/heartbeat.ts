import { equalBytes } from "../seal/equal-bytes.ts";
import { type KeyRing, requireRingKey } from "../seal/key-ring.ts";
import { computeMac, requireMac } from "../seal/mac.ts";
import type { Context } from "../seal/record.ts";
import { MAX_AHEAD_MS } from "../store/heartbeat-time.ts";
import type { HeartbeatRow, HeartbeatValues, StoreRow } from "../store/rows.ts";
import type { Snapshot } from "../store/store.ts";
import { judge } from "./bookmark/judge.ts";
import { entryMacOf, lineOf, type Mark } from "./bookmark/mark.ts";

/**
 * Signs a heartbeat: a state that continues `mark` contains everything that was acknowledged before `at`.
 *
 * @param at by the worker's clock, before it sent the request that `mark` comes from
 * @throws SealError if the ring lacks the mark's key
 */
export async function signHeartbeat(
  ring: KeyRing,
  mark: Mark,
  { store, at }: { readonly store: Line; readonly at: number },
): Promise<HeartbeatValues> {
  const { epoch, entryMac, storeMac, keyId } = mark;
  const unsigned = { at, epoch, entryMac, storeMac, keyId };
  return { ...unsigned, mac: await computeMac(requireRingKey(ring, keyId), contextOf(store, unsigned)) };
}

/**
 * The time before which a snapshot contains everything that was acknowledged: the worker's time in its heartbeat. Undefined if
 * the snapshot has no heartbeat, or does not continue the moment of its heartbeat.
 *
 * @throws SealError if the heartbeat is not authentic
 */
export async function freshnessOf(
  ring: KeyRing,
  { store, newest, heartbeat }: Pick<Snapshot<{ heartbeat: object }>, "store" | "newest" | "heartbeat">,
): Promise<number | undefined> {
  const { row, entryMac } = heartbeat;
  if (row === undefined || entryMac === null) return undefined;
  await requireMac(ring, contextOf(store, row), row);
  if (!equalBytes(entryMacOf(entryMac), row.entryMac)) return undefined;
  const mark = { ...row, ...lineOf(store) };
  const entryMacs = [{ revision: row.revision, mac: entryMac }];
  return judge(mark, { store, newest, entryMacs }) === undefined ? row.at : undefined;
}

/** Whether a heartbeat is so old, or so wrong, that it should be replaced. */
export function isDue(row: HeartbeatRow | undefined, now: number, maxAgeMs: number): boolean {
  return row === undefined || now - row.at > maxAgeMs || row.at - now > MAX_AHEAD_MS;
}

/** The history that a heartbeat belongs to. */
type Line = Pick<StoreRow, "storeId" | "generation">;

function contextOf({ storeId, generation }: Line, heartbeat: Omit<HeartbeatValues, "mac">): Context {
  const { at, epoch, entryMac, storeMac, keyId } = heartbeat;
  return { label: "heartbeat", fields: [storeId, generation, at, epoch, entryMac, storeMac, keyId] };
}
