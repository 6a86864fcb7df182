import { auditedWrite, type WriteFailure, type WriteOrigin } from "../commit/audited-write.ts";
import type { WriteDeps } from "../commit/deps.ts";
import { verifyEntry } from "../commit/entry.ts";
import { equalBytes } from "../seal/equal-bytes.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow } from "../store/rows.ts";
import type { AnySnapshot } from "../store/store.ts";
import type { Outcome } from "../store/transact.ts";
import { auditWalk } from "./audit-walk.ts";

/** Minimum age of pruned entries: for that long, operators can investigate and clients can repeat a write by its key. */
export const MIN_KEPT_DAYS = 7;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Maximum number of entries that one call deletes. */
const PAGE_SIZE = 1000;

export interface PruneResult {
  /** The audit floor. Entries at or below this revision may be deleted, except the newest of each resource. */
  readonly floor: number;
  /** Whether another call may find more entries to delete. */
  readonly more: boolean;
  /** Revision of the commit, or of the store if there was nothing to prune. */
  readonly revision: number;
}

/**
 * Deletes audit entries older than `days` (at least 7), up to 1000 per call. The newest entry of each resource stays,
 * because rows are verified with it. Raises the audit floor. The floor is covered by the store's MAC, so the database cannot
 * present a gap as pruned.
 *
 * The idempotency keys of deleted entries are forgotten.
 *
 * @throws SealError, StoreUnavailable
 */
export async function pruneAudit(
  deps: WriteDeps,
  request: WriteOrigin & { readonly days: number },
): Promise<Outcome<PruneResult, WriteFailure>> {
  const { days } = request;
  if (days < MIN_KEPT_DAYS) throw new RangeError(`Cannot prune the audit: ${days} days is less than ${MIN_KEPT_DAYS}`);
  const write = {
    ...request,
    action: "prune",
    resource: "audit",
    request: { label: "request", fields: ["audit.prune", days] },
  };
  for (let size = PAGE_SIZE; ; size = Math.ceil(size / 4)) {
    const result = await prunePage(deps, write, { days, size });
    if (result.ok) return result;
    const { failure } = result;
    if (!("floor" in failure)) return { ok: false, failure };
    // A page of one entry cannot get smaller.
    if (failure.code === "page_too_large" && size > 1) continue;
    return { ok: true, answer: { floor: failure.floor, more: false, revision: failure.revision } };
  }
}

/** Deletes up to `size` entries. */
async function prunePage(
  deps: WriteDeps,
  write: Parameters<typeof auditedWrite>[1],
  { days, size }: { readonly days: number; readonly size: number },
): Promise<Outcome<PruneResult, WriteFailure | Unpruned>> {
  // One entry more than is deleted: an entry is deleted only if a later one confirms it.
  const page = { after: 0, limit: size + 1, aboveFloor: true };
  return await auditedWrite(deps, write, {
    query: { chain: { resource: "audit" }, audit: page, auditContext: page },
    tailOf: ({ chain }) => chain?.tail,
    parseOutcome: parsePruneOutcome,
    async decide({ store, keys, now, audit, auditContext }) {
      const { auditFloor, revision } = store;
      const unpruned = (code: Unpruned["code"]) =>
        ({ ok: false, failure: { code, floor: auditFloor, revision } }) as const;
      if (auditContext.more) return unpruned("page_too_large");
      const floor = await prunableFloor(deps.ring, {
        store,
        keys,
        entries: audit.rows,
        before: Math.min(now, deps.attempts.now()) - days * DAY_MS,
        context: auditContext.rows,
      });
      if (floor === undefined) return unpruned("nothing_to_prune");
      const outcome = { floor, more: audit.more || audit.rows.length > size };
      const change = { prune: { above: auditFloor, floor } };
      return { ok: true, change, authority: { auditFloor: floor }, outcome };
    },
  });
}

/** Why a page was not pruned. `page_too_large`: the entries that it refers to do not fit into one load. */
interface Unpruned {
  readonly code: "nothing_to_prune" | "page_too_large";
  readonly floor: number;
  readonly revision: number;
}

/**
 * The highest revision up to which all entries are older than `before`. Undefined if there is none.
 *
 * No MAC covers the revision of an entry. The database could move an old entry to a recent revision, so that entries which
 * are not old would be deleted. Therefore a later entry must confirm the entry at the new floor: its `anchor` is the MAC of
 * that entry and its `base` that revision. Both entries must be under keys of the ring. The deleted entries must also be
 * complete and consistent, because a gap must not disappear below the floor.
 *
 * @throws SealError
 */
async function prunableFloor(
  ring: KeyRing,
  page: Pick<AnySnapshot, "store" | "keys"> & {
    readonly entries: readonly AuditRow[];
    /** Earlier entries that `entries` refer to. */
    readonly context: readonly AuditRow[];
    readonly before: number;
  },
): Promise<number | undefined> {
  const { store, entries, context, before } = page;
  const hasKey = ({ keyId }: AuditRow): boolean => ring.keys.some(({ id }) => id === keyId);
  const firstKept = entries.findIndex((entry) => entry.at >= before);
  const old = firstKept < 0 ? entries : entries.slice(0, firstKept);
  const byBase = new Map(entries.map((entry) => [entry.base, entry]));
  const newest = old.findLast((entry) => {
    const { revision, mac } = entry;
    const confirming = byBase.get(revision);
    if (confirming === undefined || ![entry, confirming].every(hasKey)) return false;
    return confirming.revision > revision && equalBytes(confirming.anchor, mac);
  });
  const confirming = newest && byBase.get(newest.revision);
  if (newest === undefined || confirming === undefined) return undefined;
  await verifyEntry(ring, store, confirming);
  const walk = auditWalk(ring, store.auditFloor);
  const problems = (await Promise.all(context.map(async (entry) => await walk.addContext(page, entry)))).flat();
  for (const entry of old.filter(({ revision }) => revision <= newest.revision)) {
    problems.push(...(await walk.check(page, entry)));
  }
  const [problem] = problems;
  if (problem !== undefined) {
    const detail = `cannot prune the audit at revision ${problem.revision}: ${problem.detail}`;
    throw new SealError("inconsistent", detail);
  }
  return newest.revision;
}

function parsePruneOutcome(outcome: unknown): { readonly floor: number; readonly more: boolean } | undefined {
  if (typeof outcome !== "object" || outcome === null || !("floor" in outcome && "more" in outcome)) return undefined;
  const { floor, more } = outcome;
  return typeof floor === "number" && typeof more === "boolean" ? { floor, more } : undefined;
}
