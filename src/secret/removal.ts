import type { KeyRing } from "../seal/key-ring.ts";
import { SealError, type SealFault } from "../seal/seal-error.ts";
import { isRecord } from "../json/is-record.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";

/** The audit action that removes a secret. A path with audit entries may lack a head only if this is its newest action. */
export const REMOVAL = "remove";

/** What the audit records about a removal. */
export interface Removal {
  /** The highest version number ever used at this path. A new secret goes on from it. */
  readonly latest: number;
  /** Why the removed secret did not verify. */
  readonly fault?: SealFault["reason"];
}

/** Parses a recorded outcome. Undefined if it does not belong to a removal. */
export function parseRemoval(outcome: unknown): Removal | undefined {
  if (!isRecord(outcome)) return undefined;
  const { latest, fault } = outcome;
  if (typeof latest !== "number") return undefined;
  if (fault === undefined) return { latest };
  return isReason(fault) ? { latest, fault } : undefined;
}

function isReason(value: unknown): value is SealFault["reason"] {
  return typeof value === "string" && value.startsWith("seal_");
}

/**
 * The version number that a new secret goes on from: the highest one ever used at its path. So an old `cas` never matches a
 * new secret.
 *
 * If the ring lacks the key of the removal entry, nothing in that entry is trusted. The store's revision is used, because no
 * version number is above the revision of the commit that wrote it.
 *
 * @param tail the newest audit entry of a path without a secret, verified unless the ring lacks its key
 * @throws SealError if the entry is not that of a removal
 */
export function lastNumber(ring: KeyRing, store: StoreRow, tail: AuditRow | undefined): number {
  if (tail === undefined) return 0;
  if (!ring.keys.some(({ id }) => id === tail.keyId)) return store.revision;
  const removal = parseRemoval(JSON.parse(tail.outcome));
  if (removal === undefined) throw new SealError("malformed", `audit entry ${tail.revision} is not that of a removal`);
  return removal.latest;
}
