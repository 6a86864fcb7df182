import { verifyStore, writingRing } from "../commit/store-row.ts";
import { SealError } from "../seal/seal-error.ts";
import { load } from "../store/load.ts";
import type { Bytes } from "../store/rows.ts";
import type { KeyCount } from "../store/store.ts";
import type { RotationResult } from "./failure.ts";
import type { RotationDeps } from "./deps.ts";

/** One key that the ring has, the store knows, or rows depend on. */
export interface KeyStatus extends KeyCount {
  readonly inRing: boolean;
  /** Null: not registered. */
  readonly checkValue: Bytes | null;
  /** When it was registered, in milliseconds. */
  readonly createdAt: number | null;
}

interface KeyReport {
  /** The key that new rows are written under; null while the store knows none of the ring's. */
  readonly primary: string | null;
  /** The first of the ring. */
  readonly first: string;
  /** In the order of the ring, then by id. */
  readonly keys: readonly KeyStatus[];
  readonly revision: number;
}

/**
 * What depends on which key, so that one knows when an old one can go. One round trip, which counts all rows.
 *
 * @throws SealError, StoreUnavailable
 */
export async function keyStatus(
  deps: Pick<RotationDeps, "store" | "ring" | "attempts" | "access">,
): Promise<RotationResult<KeyReport>> {
  const { ring, access } = deps;
  const snapshot = await load(deps.store, { ...access.query, keyCounts: {} }, deps.attempts);
  await verifyStore(ring, snapshot);
  if (!(await access.permits(snapshot))) return { ok: false, failure: { code: "denied" } };
  const { store, keys: registered, keyCounts } = snapshot;
  const inRing = ring.keys.map(({ id }) => id);
  const ids = new Set([...inRing, ...keyCounts.map(({ keyId }) => keyId)]);
  const none = { secrets: 0, policies: 0, bundles: 0, store: 0, deletions: 0, entries: 0 };
  const keys = [...ids].map((keyId): KeyStatus => {
    const row = registered.find((key) => key.keyId === keyId);
    return {
      ...(keyCounts.find((count) => count.keyId === keyId) ?? { keyId, ...none }),
      inRing: inRing.includes(keyId),
      checkValue: row?.checkValue ?? null,
      createdAt: row?.createdAt ?? null,
    };
  });
  const primary = store.revision === 0 ? null : primaryOf(deps, snapshot);
  return { ok: true, answer: { primary, first: ring.primary.id, keys, revision: store.revision } };
}

function primaryOf({ ring }: Pick<RotationDeps, "ring">, anchor: Parameters<typeof writingRing>[1]): string | null {
  try {
    return writingRing(ring, anchor).primary.id;
  } catch (error) {
    if (error instanceof SealError) return null;
    throw error;
  }
}
