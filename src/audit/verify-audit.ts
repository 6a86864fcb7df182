import type { WriteDeps } from "../commit/deps.ts";
import { verifyStore } from "../commit/store-row.ts";
import { load } from "../store/load.ts";
import type { Bytes } from "../store/rows.ts";
import { type AuditProblem, auditWalk } from "./audit-walk.ts";

/** The result of a verification. */
export interface AuditReport {
  /** Number of checked entries. */
  readonly entries: number;
  readonly problems: readonly AuditProblem[];
  /** Number of unverified entries per key id that the ring lacks. Listing gives them the same status. */
  readonly unverified: ReadonlyMap<string, number>;
  /** The last checked revision. The next verification continues after it. Undefined at the end of the audit. */
  readonly next: number | undefined;
  /** Revision of the store. */
  readonly revision: number;
  /**
   * MAC of the entry at `revision`. An operator who keeps both elsewhere can detect a store that was rolled back, even after
   * further commits.
   */
  readonly newest: Bytes | null;
}

/** Reports are read by people. More problems than this add nothing. */
const MAX_PROBLEMS = 100;

/**
 * Verifies the stored audit after revision `after`. Reports every gap, every entry that does not verify, and every entry
 * that contradicts an earlier one.
 *
 * Stops after `pages` loads of `perPage` entries, or after `maxMs`. `next` is where to continue. Earlier entries that a page
 * refers to are loaded with it, so verifying in parts finds the same problems as verifying at once, unless the database
 * returns different entries at different times.
 *
 * @throws SealError if the store row does not verify
 */
export async function verifyAudit(
  { store, ring, attempts }: Pick<WriteDeps, "store" | "ring" | "attempts">,
  options: {
    readonly after?: number;
    readonly pages?: number;
    readonly perPage?: number;
    readonly maxMs?: number;
  } = {},
): Promise<AuditReport> {
  const { after = 0, pages = 20, perPage = 1000, maxMs = 3000 } = options;
  const started = attempts.now();
  const walk = auditWalk(ring, after);
  const problems: AuditProblem[] = [];
  let entries = 0;
  let limit = perPage;
  for (let page = 1; ; page += 1) {
    const bounds = { after: walk.last, limit };
    const snapshot = await load(store, { audit: bounds, auditContext: bounds }, attempts);
    await verifyStore(ring, snapshot);
    if (snapshot.auditContext.more && limit > 1) {
      limit = Math.ceil(limit / 4);
      continue;
    }
    for (const entry of snapshot.auditContext.rows) problems.push(...(await walk.addContext(snapshot, entry)));
    for (const entry of snapshot.audit.rows) problems.push(...(await walk.check(snapshot, entry)));
    entries += snapshot.audit.rows.length;
    const { newest } = snapshot;
    const { revision } = snapshot.store;
    const atEnd = !snapshot.audit.more;
    if (atEnd) problems.push(...walk.finish(snapshot.store));
    if (atEnd || page >= pages || attempts.now() - started > maxMs || problems.length >= MAX_PROBLEMS) {
      return {
        entries,
        problems: problems.slice(0, MAX_PROBLEMS),
        unverified: walk.unverified,
        next: atEnd ? undefined : walk.last,
        revision,
        newest,
      };
    }
  }
}
