import type { WriteDeps } from "../commit/deps.ts";
import { loadVerified } from "../commit/load-verified.ts";
import type { AuditRow } from "../store/rows.ts";
import { checkEntry, type EntryCheck } from "./check-entry.ts";

/** Selects audit entries. Every given filter must match. */
export interface AuditFilter {
  readonly resource?: string;
  readonly spiffeId?: string;
  /**
   * An entry matches if one of its two times is in this range: an investigator must find it even if one clock was wrong.
   * Milliseconds since the Unix epoch, `from` inclusive, `until` exclusive.
   */
  readonly from?: number;
  readonly until?: number;
}

/** An entry as stored. */
export interface ReadEntry {
  readonly entry: AuditRow;
  readonly status: EntryCheck["status"];
}

export interface AuditPage {
  readonly entries: readonly ReadEntry[];
  /** The last examined revision. The next page continues after it. Undefined at the end. */
  readonly next: number | undefined;
  /** Revision of the store. */
  readonly revision: number;
}

/** Maximum number of revisions that a page without `resource` examines. Bounds the cost of a filter that matches nothing. */
const MAX_SCANNED = 20_000;

/**
 * Stored audit entries after revision `after`, ascending. A page may hold fewer entries than `limit`, even none, and still
 * have a `next`. One round trip; for an empty page two, because the revisions after it may have been skipped by a leap.
 *
 * @throws SealError, StoreUnavailable
 */
export async function readAudit(
  deps: Pick<WriteDeps, "store" | "ring" | "attempts" | "access">,
  request: AuditFilter & { readonly after: number; readonly limit: number },
): Promise<AuditPage> {
  const { after, limit, resource } = request;
  const upTo = resource === undefined ? { upTo: after + MAX_SCANNED } : {};
  const snapshot = await loadVerified(deps, { audit: { ...request, ...upTo } });
  const entries = await Promise.all(
    snapshot.audit.rows.map(async (entry): Promise<ReadEntry> => {
      const { status } = await checkEntry(deps.ring, snapshot.store, entry);
      return { entry, status };
    }),
  );
  const { revision } = snapshot.store;
  const last = entries.at(-1)?.entry.revision;
  const isFull = snapshot.audit.more || entries.length === limit;
  const examined = isFull && last !== undefined ? last : (upTo.upTo ?? revision);
  if (examined >= revision) return { entries, next: undefined, revision };
  if (entries.length > 0) return { entries, next: examined, revision };
  const following = await loadVerified(deps, { audit: { after: examined, limit: 1 } });
  const [first] = following.audit.rows;
  return { entries, next: first === undefined ? undefined : first.revision - 1, revision };
}
