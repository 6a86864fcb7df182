import { SealError } from "../seal/seal-error.ts";
import type { AuditRow } from "../store/rows.ts";
import { load } from "../store/load.ts";
import type { WriteDeps } from "../commit/deps.ts";
import { verifyEntry } from "../commit/entry.ts";
import { verifyStore } from "../commit/store-row.ts";

/** Which entries are wanted; all that is given has to fit. Times in milliseconds since the epoch. */
export interface AuditFilter {
  readonly resource?: string;
  readonly spiffeId?: string;
  readonly from?: number;
  readonly until?: number;
}

/** An entry as stored, and whether it is one that this service wrote. */
export interface ReadEntry {
  readonly entry: AuditRow;
  readonly authentic: boolean;
}

export interface AuditPage {
  readonly entries: readonly ReadEntry[];
  /** The last revision that was looked at: the next page goes on behind it. Undefined at the end. */
  readonly next: number | undefined;
  readonly revision: number;
}

/** Revisions that one page without a resource looks through: what bounds the cost of a filter that fits nothing. */
const MAX_SIFTED = 20_000;

/**
 * Stored audit entries behind revision `after`, ascending. A page may hold fewer than `limit`, or none, and still have a
 * `next`. One round trip. @throws SealError, StoreUnavailable
 */
export async function readAudit(
  { store, ring, attempts }: Pick<WriteDeps, "store" | "ring" | "attempts">,
  asked: AuditFilter & { readonly after: number; readonly limit: number },
): Promise<AuditPage> {
  const { after, limit, resource } = asked;
  const upTo = resource === undefined ? { upTo: after + MAX_SIFTED } : {};
  const snapshot = await load(store, { audit: { ...asked, ...upTo } }, attempts);
  await verifyStore(ring, snapshot);
  const entries = await Promise.all(
    snapshot.audit.map(async (entry) => ({
      entry,
      authentic: await isAuthentic(verifyEntry(ring, snapshot.store, entry)),
    })),
  );
  const { revision } = snapshot.store;
  const last = entries.at(-1)?.entry.revision;
  const full = entries.length === limit;
  const seen = full && last !== undefined ? last : (upTo.upTo ?? revision);
  return { entries, next: seen < revision ? seen : undefined, revision };
}

async function isAuthentic(check: Promise<void>): Promise<boolean> {
  try {
    await check;
    return true;
  } catch (error) {
    if (error instanceof SealError) return false;
    throw error;
  }
}
