import { loadPermitted } from "../commit/load-permitted.ts";
import type { Bytes } from "../store/rows.ts";
import type { KeyCount } from "../store/store.ts";
import type { RotationResult } from "./failure.ts";
import type { RotationDeps } from "./deps.ts";

/** A key that is in the ring, is registered in the store, or has rows that depend on it. */
export interface KeyStatus extends KeyCount {
  readonly inRing: boolean;
  /** Null if the key is not registered. */
  readonly checkValue: Bytes | null;
  /** When it was registered, in milliseconds since the epoch; null if it is not registered. */
  readonly createdAt: number | null;
}

interface KeyReport {
  /** The id that the migration gave the store. */
  readonly storeId: string;
  /** The key that new rows are written under; null in an empty store. */
  readonly primary: string | null;
  /** The first key of the ring. */
  readonly first: string;
  /** Keys of the ring in its order, then other keys by id. */
  readonly keys: readonly KeyStatus[];
  readonly revision: number;
}

/**
 * Reports how many rows depend on each key, so that operators know when to remove an old one, and the id of the store. One round
 * trip, which counts all rows.
 *
 * @throws SealError, StoreUnavailable
 */
export async function keyStatus(
  deps: Pick<RotationDeps, "store" | "ring" | "attempts" | "access">,
): Promise<RotationResult<KeyReport>> {
  const { ring } = deps;
  const snapshot = await loadPermitted(deps, { keyCounts: {} });
  if (snapshot === undefined) return { ok: false, failure: { code: "denied" } };
  const { store, keys: registered, keyCounts } = snapshot;
  const inRing = ring.keys.map(({ id }) => id);
  const ids = new Set([...inRing, ...keyCounts.map(({ keyId }) => keyId)]);
  const none = { secrets: 0, policies: 0, bundles: 0, store: 0, entries: 0 };
  const keys = [...ids].map((keyId): KeyStatus => {
    const row = registered.find((key) => key.keyId === keyId);
    return {
      ...(keyCounts.find((count) => count.keyId === keyId) ?? { keyId, ...none }),
      inRing: inRing.includes(keyId),
      checkValue: row?.checkValue ?? null,
      createdAt: row?.createdAt ?? null,
    };
  });
  const { storeId, keyId: primary, revision } = store;
  return { ok: true, answer: { storeId, primary, first: ring.primary.id, keys, revision } };
}
