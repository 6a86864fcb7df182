import { verifyEntry } from "../commit/entry.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";

/** What is known about the origin of an audit entry. */
export type EntryCheck =
  /** This service wrote it into this store. */
  | { readonly status: "authentic" }
  /** The ring lacks its key, so it may be genuine or forged. */
  | { readonly status: "unverified" }
  /** This service did not write it, or not at this revision of this store. */
  | { readonly status: "not_authentic"; readonly detail: string };

/**
 * Checks who wrote an audit entry. Listing, verification and pruning all decide by this function.
 *
 * If the ring lacks its key, an entry is unverified, unless its base, revision or epoch is impossible. A key id that
 * is not registered proves nothing: no MAC covers the registered keys, so the key's row may have been deleted.
 */
export async function checkEntry(ring: KeyRing, store: StoreRow, entry: AuditRow): Promise<EntryCheck> {
  try {
    await verifyEntry(ring, store, entry);
    return { status: "authentic" };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return error.reason === "unknown_key"
      ? { status: "unverified" }
      : { status: "not_authentic", detail: error.detail };
  }
}
