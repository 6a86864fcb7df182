import type { KeyRing } from "../seal/key-ring.ts";
import { computeMac, requireMac } from "../seal/mac.ts";
import type { Context } from "../seal/record.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow, AuditValues, StoreRow } from "../store/rows.ts";

/** An audit entry before it is authenticated. */
export type AuditDraft = Omit<AuditValues, "keyId" | "mac">;

/** Whether every change of a resource alters who may do what, the audit floor or the store row, and so raises the epoch. */
export function raisesEpoch(resource: string): boolean {
  return (
    resource === "audit" || resource === "store" || resource.startsWith("policy:") || resource.startsWith("bundle:")
  );
}

/** Completes an entry with its MAC under the primary key. */
export async function sealEntry(ring: KeyRing, storeId: string, draft: AuditDraft): Promise<AuditValues> {
  const unsigned = { ...draft, keyId: ring.primary.id };
  return { ...unsigned, mac: await computeMac(ring.primary, contextOf(storeId, unsigned)) };
}

/**
 * Whether an entry is one that this service wrote into this store, at a place where it may stand.
 *
 * `revision` is assigned by the commit and so not under the MAC; `base` is, and an entry moved to another revision has
 * to stay above it and within the store's.
 *
 * @throws SealError
 */
export async function verifyEntry(ring: KeyRing, store: StoreRow, entry: AuditRow): Promise<void> {
  if (!(entry.base < entry.revision && entry.revision <= store.revision && entry.epoch <= store.epoch)) {
    throw new SealError("inconsistent", `audit entry ${entry.revision} stands outside its store`);
  }
  await requireMac(ring, contextOf(store.storeId, entry), entry);
}

function contextOf(storeId: string, entry: Omit<AuditValues, "mac">): Context {
  const { writeId, request, at, spiffeId, action, resource, seq, prev, base, anchor, epoch } = entry;
  const { outcome, traceId, keyId } = entry;
  return {
    label: "audit",
    fields: [
      storeId,
      writeId,
      request,
      at,
      spiffeId,
      action,
      resource,
      seq,
      prev,
      base,
      anchor,
      epoch,
      outcome,
      traceId,
      keyId,
    ],
  };
}
