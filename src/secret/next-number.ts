import { beyondOf } from "../commit/generation.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { AuditRow, SecretRow, StoreRow } from "../store/rows.ts";
import { lastNumber } from "./removal.ts";

/**
 * The number of the next version at a path: one above the highest number ever used there, also by secrets that were removed.
 *
 * After the database was restored from a backup, it is also above every number that a lost commit can have used. No version number
 * exceeds the revision of the commit that wrote it, and the generation names the highest lost revision. So a `cas` from a lost
 * commit never matches a later version.
 *
 * @param found the verified head; undefined if there is no secret. `tail`: the newest audit entry of the path
 * @throws SealError if there is no secret, and `tail` is not that of a removal
 */
export function nextNumber(
  ring: KeyRing,
  store: StoreRow,
  found: { readonly head: SecretRow | undefined; readonly tail: AuditRow | undefined },
): number {
  const latest = found.head?.latest ?? lastNumber(ring, store, found.tail);
  return Math.max(latest, beyondOf(store.generation)) + 1;
}
