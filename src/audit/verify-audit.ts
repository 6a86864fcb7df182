import type { WriteDeps } from "../commit/deps.ts";
import { loadVerified } from "../commit/load-verified.ts";
import type { Bytes } from "../store/rows.ts";
import { type Acknowledged, readAcknowledged, splitAcknowledged } from "./acknowledged.ts";
import { type AuditProblem, digestOfProblems } from "./audit-problem.ts";
import { auditWalk } from "./audit-walk.ts";

/** The result of a verification. */
export interface AuditReport {
  /** Number of checked entries. */
  readonly entries: number;
  readonly problems: readonly AuditProblem[];
  /** Problems that the superuser has acknowledged. */
  readonly acknowledged: readonly AuditProblem[];
  /** Number of unverified entries per key id that the ring lacks. Listing gives them the same status. */
  readonly unverified: ReadonlyMap<string, number>;
  /** The last checked revision. The next verification continues after it. Undefined at the end of the audit. */
  readonly next: number | undefined;
  /** The last revision that `problems` and `digest` are about. */
  readonly upTo: number;
  /** Digest of `problems` and of the range that they are about, for an acknowledgement. */
  readonly digest: string;
  /** Revision of the store. */
  readonly revision: number;
  /**
   * MAC of the entry at `revision`; null if that entry is missing. An operator who keeps both elsewhere can detect a store that
   * was rolled back, even after further commits.
   */
  readonly newest: Bytes | null;
}

/** A part of the audit with at least this many problems ends early, so that people can read the report. */
const MAX_PROBLEMS = 100;

/**
 * Verifies the stored audit after revision `after`. Reports every gap, every entry that does not verify, and every entry
 * that contradicts an earlier one.
 *
 * Stops after revision `upTo`, after `pages` loads of `perPage` entries, or after `maxMs`. `next` is where to continue. Earlier
 * entries that a page refers to are loaded with it, so verifying in parts finds the same problems as verifying at once, unless
 * the database returns different entries at different times.
 *
 * @throws SealError if the store row does not verify
 */
export async function verifyAudit(
  deps: Pick<WriteDeps, "store" | "ring" | "attempts" | "access">,
  options: {
    readonly after?: number;
    readonly upTo?: number;
    readonly pages?: number;
    readonly perPage?: number;
    readonly maxMs?: number;
  } = {},
): Promise<AuditReport> {
  const { after = 0, upTo: end = Infinity, pages = 20, perPage = 1000, maxMs = 3000 } = options;
  const { ring, attempts } = deps;
  const started = attempts.now();
  const walk = auditWalk(ring, after);
  const found: AuditProblem[] = [];
  let known: Acknowledged | undefined;
  let entries = 0;
  let limit = perPage;
  for (let page = 1; ; page += 1) {
    const bounds = { after: walk.last, limit };
    const snapshot = await loadVerified(deps, { audit: bounds, auditContext: bounds, acknowledgements: {} });
    if (snapshot.auditContext.more && limit > 1) {
      limit = Math.ceil(limit / 4);
      continue;
    }
    if (known === undefined) {
      known = await readAcknowledged(ring, snapshot.store, snapshot.acknowledgements);
      if (after === 0) found.push(...known.problems);
    }
    const { faults } = known;
    for (const entry of snapshot.auditContext.rows) {
      // Entries up to `after` that do not verify are in the report of an earlier part. In this one too, they could fill it again
      // each time, and acknowledging the earlier part would change the list of this one.
      const problems = await walk.addContext(snapshot, entry);
      found.push(...problems.filter(({ fault }) => fault === undefined));
    }
    const isFull = (): boolean => splitAcknowledged(found, faults).open.length >= MAX_PROBLEMS;
    let cut: number | undefined;
    for (const entry of snapshot.audit.rows) {
      if (entry.revision > end) cut = end;
      else if (entries > 0 && isFull()) cut = walk.last;
      if (cut !== undefined) break;
      found.push(...(await walk.check(snapshot, entry)));
      entries += 1;
    }
    const { newest } = snapshot;
    const { revision } = snapshot.store;
    const atEnd = cut === undefined && !snapshot.audit.more;
    if (atEnd) found.push(...(await walk.finish(snapshot.store)));
    const isOver = attempts.now() - started > maxMs || page >= pages;
    if (!atEnd && cut === undefined && !isOver) continue;
    const upTo = atEnd ? revision : (cut ?? walk.last);
    const { open: problems, acknowledged } = splitAcknowledged(found, faults);
    const digest = await digestOfProblems({ after, upTo }, problems);
    const next = atEnd ? undefined : walk.last;
    return { entries, problems, acknowledged, unverified: walk.unverified, next, upTo, digest, revision, newest };
  }
}
