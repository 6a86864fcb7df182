import { bytesToHex } from "@noble/curves/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Bytes, StoreRow } from "../../store/rows.ts";
import type { AnySnapshot, Change } from "../../store/store.ts";

/** Bytes of an audit entry's MAC that a mark has. */
export const ENTRY_MAC_BYTES = 16;
/** Bytes of a store row's MAC that a mark has. */
export const STORE_MAC_BYTES = 8;

const CLUSTER_BYTES = 8;

/**
 * A moment in the history of a store. A later state of the same history has at least this revision and this epoch, and the same
 * audit entry and store row there.
 */
export interface Mark {
  /** Digest of the store id, in hex. */
  readonly store: string;
  /** Digest of the generation, in hex. */
  readonly generation: string;
  readonly revision: number;
  readonly epoch: number;
  /** Start of the MAC of the audit entry at `revision`. */
  readonly entryMac: Bytes;
  /** Start of the MAC of the store row in `epoch`. A withheld commit and an acknowledged one may both lead to that epoch. */
  readonly storeMac: Bytes;
  /** Root key that the store row is under. */
  readonly keyId: string;
}

/** The moment of a snapshot with a verified store row. Undefined before the first commit. */
export function markOf({ store, newest }: Pick<AnySnapshot, "store" | "newest">): Mark | undefined {
  const { revision, epoch, keyId, mac } = store;
  if (keyId === null || mac === null || newest === null) return undefined;
  return { ...lineOf(store), revision, epoch, entryMac: entryMacOf(newest), storeMac: storeMacOf(mac), keyId };
}

/** The moment of a commit that was decided on `store` and got this revision. */
export function markAfter(change: Change, store: StoreRow, revision: number): Mark | undefined {
  const { audit, authority } = change;
  const { epoch, keyId, mac } = stateAfter(change, store);
  if (keyId === null || mac === null) return undefined;
  return {
    ...lineOf({ ...store, ...authority }),
    revision,
    epoch,
    entryMac: entryMacOf(audit.mac),
    storeMac: storeMacOf(mac),
    keyId,
  };
}

/** What the author of a commit knows about the store row behind it. Others may have raised the epoch since. */
function stateAfter(
  { authority, init }: Change,
  { epoch, keyId, mac }: StoreRow,
): Pick<StoreRow, "epoch" | "keyId" | "mac"> {
  if (authority !== undefined) return { epoch: epoch + 1, keyId: authority.keyId, mac: authority.mac };
  return { epoch, keyId, mac, ...init };
}

/** The history that a store row belongs to: of which store, and since which restored backup. */
export function lineOf({
  storeId,
  generation,
}: Pick<StoreRow, "storeId" | "generation">): Pick<Mark, "store" | "generation"> {
  return { store: digest(storeId), generation: digest(generation) };
}

export function entryMacOf(mac: Bytes): Bytes {
  return mac.slice(0, ENTRY_MAC_BYTES);
}

export function storeMacOf(mac: Bytes): Bytes {
  return mac.slice(0, STORE_MAC_BYTES);
}

function digest(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)).subarray(0, CLUSTER_BYTES));
}
