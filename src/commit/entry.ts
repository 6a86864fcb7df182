import type { KeyRing } from "../seal/key-ring.ts";
import { computeMac, requireMac } from "../seal/mac.ts";
import type { Context } from "../seal/record.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow, AuditValues, StoreRow } from "../store/rows.ts";

/** An audit entry without its MAC. */
export type AuditDraft = Omit<AuditValues, "keyId" | "mac">;

/** Adds the MAC under the primary key. */
export async function sealEntry(ring: KeyRing, storeId: string, draft: AuditDraft): Promise<AuditValues> {
  const unsigned = { ...draft, keyId: ring.primary.id };
  return { ...unsigned, mac: await computeMac(ring.primary, entryContext(storeId, unsigned)) };
}

/**
 * Verifies that this service wrote the entry into this store, and that its revision is possible.
 *
 * The commit assigns `revision`, so the MAC cannot cover it. The MAC covers `base`: an entry that was moved to another
 * revision is rejected if that revision is not above `base`, or is above the revision of the store.
 *
 * @throws SealError
 */
export async function verifyEntry(ring: KeyRing, store: StoreRow, entry: AuditRow): Promise<void> {
  if (!(entry.base < entry.revision && entry.revision <= store.revision && entry.epoch <= store.epoch)) {
    throw new SealError(
      "inconsistent",
      `audit entry ${entry.revision} has a base, revision or epoch that this store cannot have`,
    );
  }
  await requireMac(ring, entryContext(store.storeId, entry), entry);
}

function entryContext(storeId: string, entry: Omit<AuditValues, "mac">): Context {
  const { writeId, request, at, workerAt, spiffeId, action, resource, seq, prev, base, anchor, epoch } = entry;
  const { state, leadsTo, outcome, traceId, keyId } = entry;
  return {
    label: "audit",
    fields: [
      storeId,
      writeId,
      request,
      at,
      workerAt,
      spiffeId,
      action,
      resource,
      seq,
      prev,
      base,
      anchor,
      epoch,
      state,
      leadsTo,
      outcome,
      traceId,
      keyId,
    ],
  };
}
