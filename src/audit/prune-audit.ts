import { auditedWrite, type WriteDecision, type WriteFailure, type WriteOrigin } from "../commit/audited-write.ts";
import type { WriteDeps } from "../commit/deps.ts";
import { verifyEntry } from "../commit/entry.ts";
import { loadPermitted } from "../commit/load-permitted.ts";
import { isRecord } from "../json/is-record.ts";
import { equalBytes } from "../seal/equal-bytes.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow } from "../store/rows.ts";
import type { AnySnapshot, Page } from "../store/store.ts";
import type { Outcome } from "../store/transact.ts";
import { type Acknowledged, readAcknowledged, splitAcknowledged } from "./acknowledged.ts";
import { auditWalk } from "./audit-walk.ts";
import { datedBy, laterTime } from "./entry-time.ts";

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
 * The idempotency keys of deleted entries are forgotten. So one clock that is wrong, now or when an entry was written, must
 * not make an entry look older than it is: see {@link datedBy} and decision 0027.
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
  let size = PAGE_SIZE;
  let later: AuditRow | undefined;
  for (;;) {
    const result = await prunePage(deps, write, { days, size, later });
    if (result.ok) return result;
    const { failure } = result;
    if (!("floor" in failure)) return { ok: false, failure };
    // A page of one entry cannot get smaller.
    if (failure.code === "page_too_large" && size > 1) {
      size = Math.ceil(size / 4);
      continue;
    }
    if (failure.code === "misdated" && later === undefined) {
      later = await findOldEntry(deps, failure);
      if (later !== undefined) continue;
    }
    return { ok: true, answer: { floor: failure.floor, more: false, revision: failure.revision } };
  }
}

/**
 * An entry after the page that is older than `before` and dates the whole page. Undefined if none is found.
 *
 * Doubles the step with each load of one entry: at most 10 loads for a million entries. Finds an entry at the latest when the
 * entries that are old by both clocks are as many as the entries before them that are not.
 *
 * @throws SealError, StoreUnavailable
 */
async function findOldEntry(
  deps: WriteDeps,
  { last, before }: Extract<Unpruned, { readonly code: "misdated" }>,
): Promise<AuditRow | undefined> {
  let after = last + PAGE_SIZE;
  for (let step = PAGE_SIZE; ; step *= 2) {
    const snapshot = await loadPermitted(deps, { audit: { after, limit: 1 } });
    const entry = snapshot?.audit.rows[0];
    if (snapshot === undefined || entry === undefined) return undefined;
    // From the found entry on: its revision may be far above `after`, if it leapt.
    after = entry.revision - 1 + step;
    if (entry.base < last || laterTime(entry) >= before || !isUnderRingKey(deps.ring, entry)) continue;
    await verifyEntry(deps.ring, snapshot.store, entry);
    return entry;
  }
}

/** Deletes up to `size` entries. */
async function prunePage(
  deps: WriteDeps,
  write: Parameters<typeof auditedWrite>[1],
  { days, size, later }: { readonly days: number; readonly size: number; readonly later: AuditRow | undefined },
): Promise<Outcome<PruneResult, WriteFailure | Unpruned>> {
  // One entry more than is deleted: an entry is deleted only if a later one confirms it.
  const page = { after: 0, limit: size + 1, aboveFloor: true };
  return await auditedWrite(deps, write, {
    query: { chain: { resource: "audit" }, audit: page, auditContext: page, acknowledgements: {} },
    tailOf: ({ chain }) => chain?.tail,
    parseOutcome: parsePruneOutcome,
    async decide({
      store,
      keys,
      now,
      audit,
      auditContext,
      acknowledgements,
    }): Promise<WriteDecision<PruneOutcome, Unpruned>> {
      const { auditFloor, revision } = store;
      const unpruned = { floor: auditFloor, revision } as const;
      if (auditContext.more) return { ok: false, failure: { code: "page_too_large", ...unpruned } };
      const before = Math.min(now, deps.attempts.now()) - days * DAY_MS;
      const acknowledged = await readAcknowledged(deps.ring, store, acknowledgements);
      const page = { store, keys, entries: audit.rows, later, before, context: auditContext.rows, acknowledged };
      const floor = await prunableFloor(deps.ring, page);
      if (floor === undefined) return { ok: false, failure: whyNot(audit, { ...unpruned, before }) };
      const outcome = { floor, more: audit.more || audit.rows.length > size };
      const change = { prune: { above: auditFloor, floor } };
      return { ok: true, change, authority: { auditFloor: floor }, outcome };
    },
  });
}

type PruneOutcome = Pick<PruneResult, "floor" | "more">;

/** Why a page was not pruned. */
type Unpruned = { readonly floor: number; readonly revision: number } & (
  | { readonly code: "nothing_to_prune" }
  /** The entries that it refers to do not fit into one load. */
  | { readonly code: "page_too_large" }
  /** Its first entry is old by one of its times only, and more entries follow the page. */
  | { readonly code: "misdated"; readonly last: number; readonly before: number }
);

function whyNot(
  { rows, more }: Page<AuditRow>,
  { before, ...state }: { readonly floor: number; readonly revision: number; readonly before: number },
): Unpruned {
  const [first] = rows;
  const last = rows.at(-1);
  const isOld = first !== undefined && Math.min(first.at, first.workerAt) < before;
  return more && isOld && last !== undefined
    ? { code: "misdated", last: last.revision, before, ...state }
    : { code: "nothing_to_prune", ...state };
}

/**
 * The highest revision such that it and all earlier entries are dated before `before`. Undefined without such a revision.
 *
 * No MAC covers the revision of an entry. The database could move an old entry to a recent revision, so that entries which
 * are not old would be deleted. Therefore a later entry must confirm the entry at the new floor: its `anchor` is the MAC of
 * that entry and its `base` that revision. Both entries must be under keys of the ring. The deleted entries must also be
 * complete and consistent, because a gap must not disappear below the floor, unless it was acknowledged.
 *
 * @throws SealError
 */
async function prunableFloor(
  ring: KeyRing,
  page: Pick<AnySnapshot, "store" | "keys"> & {
    readonly entries: readonly AuditRow[];
    /** Earlier entries that `entries` refer to. */
    readonly context: readonly AuditRow[];
    /** A verified entry after the page that may date it. */
    readonly later: AuditRow | undefined;
    readonly before: number;
    readonly acknowledged: Acknowledged;
  },
): Promise<number | undefined> {
  const { store, entries, context, later, before } = page;
  const hasKey = (entry: AuditRow): boolean => isUnderRingKey(ring, entry);
  const dates = datedBy(entries, [...entries.filter(hasKey), ...(later === undefined ? [] : [later])]);
  const firstKept = dates.findIndex((by) => by === undefined || laterTime(by) >= before);
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
  // The walk verifies the entries up to `newest`. Those after it count only as far as they confirm or date it.
  const relied = new Set([confirming, ...dates.slice(0, old.indexOf(newest) + 1)]);
  for (const entry of relied) {
    if (entry !== undefined && entry.revision > newest.revision) await verifyEntry(ring, store, entry);
  }
  const walk = auditWalk(ring, store.auditFloor);
  const problems = (await Promise.all(context.map(async (entry) => await walk.addContext(page, entry)))).flat();
  for (const entry of old.filter(({ revision }) => revision <= newest.revision)) {
    problems.push(...(await walk.check(page, entry)));
  }
  const [problem] = splitAcknowledged(problems, page.acknowledged.faults).open;
  if (problem !== undefined) {
    const detail = `cannot prune the audit at revision ${problem.revision}: ${problem.detail}`;
    throw new SealError("inconsistent", detail);
  }
  return newest.revision;
}

function isUnderRingKey(ring: KeyRing, { keyId }: AuditRow): boolean {
  return ring.keys.some(({ id }) => id === keyId);
}

function parsePruneOutcome(outcome: unknown): PruneOutcome | undefined {
  if (!isRecord(outcome)) return undefined;
  const { floor, more } = outcome;
  return typeof floor === "number" && typeof more === "boolean" ? { floor, more } : undefined;
}
