import { equalBytes } from "../../seal/equal-bytes.ts";
import type { Bytes, StoreRow } from "../../store/rows.ts";
import type { EntryMac } from "../../store/store.ts";
import { entryMacOf, lineOf, type Mark, storeMacOf } from "./mark.ts";

/** Why a state does not continue the history that a mark belongs to. */
export type MarkFault =
  /** It is of another store. */
  | "other_store"
  /** A backup was put into service since: another generation. */
  | "store_replaced"
  /** It has not reached the revision. */
  | "store_behind"
  /** It has lost or replaced the commit of the mark, or an authority commit before it. */
  | "store_went_back"
  /** It cannot be told: the entry of the mark is lost, and a superuser has acknowledged lost entries. */
  | "bookmark_expired";

/** What a mark is held against: a verified store row, and the MACs of the entries at the revisions of all marks. */
export interface JudgedState {
  readonly store: StoreRow;
  readonly newest: Bytes | null;
  readonly entryMacs: readonly EntryMac[];
}

/**
 * Whether a state continues the history of a mark. One rule for the bookmarks of clients and the heartbeat of replicas.
 *
 * An entry at or below the audit floor may be missing, because it was pruned. The generation, the epoch and the store row still
 * count then.
 */
export function judge(mark: Mark, { store, newest, entryMacs }: JudgedState): MarkFault | undefined {
  const line = lineOf(store);
  if (mark.store !== line.store) return "other_store";
  if (mark.generation !== line.generation) return "store_replaced";
  if (mark.revision > store.revision) return "store_behind";
  if (mark.epoch > store.epoch) return "store_went_back";
  const isSameEpoch = mark.epoch === store.epoch;
  if (isSameEpoch && (store.mac === null || !equalBytes(storeMacOf(store.mac), mark.storeMac))) {
    return "store_went_back";
  }
  const found =
    mark.revision === store.revision ? newest : entryMacs.find(({ revision }) => revision === mark.revision)?.mac;
  if (found !== undefined && found !== null) {
    return equalBytes(entryMacOf(found), mark.entryMac) ? undefined : "store_went_back";
  }
  if (mark.revision <= store.auditFloor) return undefined;
  // An acknowledgement raises the epoch, so none was made after a mark of this epoch, and none covers its entry.
  return store.acknowledged > 0 && !isSameEpoch ? "bookmark_expired" : "store_went_back";
}
