import type { Bytes } from "../store/rows.ts";
import { load } from "../store/load.ts";
import { type AuditProblem, auditWalk } from "./audit-walk.ts";
import type { WriteDeps } from "../commit/deps.ts";
import { verifyStore } from "../commit/store-row.ts";

/** What a walk over stored audit entries found. */
export interface AuditReport {
  readonly entries: number;
  readonly problems: readonly AuditProblem[];
  /** How many entries are under keys that the ring has no more, by key id: what they say could not be verified. */
  readonly unverified: ReadonlyMap<string, number>;
  /** The last revision that was looked at: another check goes on behind it. Undefined at the end of the audit. */
  readonly next: number | undefined;
  /**
   * Revision of the store that this was checked against, and MAC of its newest entry. Whoever keeps both elsewhere will
   * notice a store that was set back, even after it has gone on from there.
   */
  readonly revision: number;
  readonly newest: Bytes | null;
}

/** A report is for people: beyond this, the audit is broken in any case. */
const MAX_PROBLEMS = 100;

/**
 * Walks the stored audit from behind revision `after` on and reports every gap, every entry that is not ours, and every
 * break in the chain of a resource or in what entries say of those before them.
 *
 * Stops after `pages` loads of `perPage` entries, or `maxMs`; `next` tells where to go on. What entries refer to before the
 * first one is read with them. So parts that are checked one by one are checked as well as in one piece, except against a
 * database that shows different things at different times.
 *
 * @throws SealError when the store row itself is not ours
 */
export async function verifyAudit(
  { store, ring, attempts }: Pick<WriteDeps, "store" | "ring" | "attempts">,
  asked: {
    readonly after?: number;
    readonly pages?: number;
    readonly perPage?: number;
    readonly maxMs?: number;
  } = {},
): Promise<AuditReport> {
  const { after = 0, pages = 20, perPage = 1000, maxMs = 3000 } = asked;
  const began = attempts.now();
  const walk = auditWalk(ring, after);
  const problems: AuditProblem[] = [];
  let entries = 0;
  for (let page = 1; ; page += 1) {
    const bounds = { after: walk.last, limit: perPage };
    const snapshot = await load(store, { audit: bounds, auditContext: bounds }, attempts);
    await verifyStore(ring, snapshot);
    for (const entry of snapshot.auditContext) problems.push(...(await walk.know(snapshot.store, entry)));
    for (const entry of snapshot.audit) problems.push(...(await walk.see(snapshot.store, entry)));
    entries += snapshot.audit.length;
    const { newest } = snapshot;
    const { revision } = snapshot.store;
    const atEnd = snapshot.audit.length < perPage;
    if (atEnd) problems.push(...walk.end(snapshot.store));
    if (atEnd || page >= pages || attempts.now() - began > maxMs || problems.length >= MAX_PROBLEMS) {
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
