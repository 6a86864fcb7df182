import { equalBytes } from "../seal/equal-bytes.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";
import { auditWalk, isVerifiable } from "./audit-walk.ts";
import { auditedWrite, type WriteFailure, type WriteOrigin } from "../commit/audited-write.ts";
import type { WriteDeps } from "../commit/deps.ts";
import { verifyEntry } from "../commit/entry.ts";

/** The least that is kept: as long as somebody may need to see what happened, or to repeat a write by its key. */
export const MIN_KEPT_DAYS = 7;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Entries that one call lets go of at most. */
const PAGE = 1000;

export interface Pruned {
  /** Entries at or below this revision may be gone, except the newest of each resource. */
  readonly floor: number;
  /** Whether another call might find more. */
  readonly more: boolean;
  /** Of the commit; of the store, where there was nothing to prune. */
  readonly revision: number;
}

/**
 * Deletes audit entries older than `days` (7 or more), 1000 at most, except the newest of each resource: rows are judged
 * by that one. Raises the audit floor, which is under the store's MAC, so that nobody else can pass off a gap as pruned.
 *
 * Forgets the idempotency keys of what it deletes.
 *
 * @throws SealError, StoreUnavailable
 */
export async function pruneAudit(
  deps: WriteDeps,
  request: WriteOrigin & { readonly days: number },
): Promise<{ readonly ok: true; readonly answer: Pruned } | { readonly ok: false; readonly failure: WriteFailure }> {
  const { days } = request;
  if (days < MIN_KEPT_DAYS) throw new RangeError(`Cannot prune the audit: ${days} days are fewer than 7`);
  const write = {
    ...request,
    action: "prune",
    resource: "audit",
    request: { label: "request", fields: ["audit.prune", days] },
  };
  // One more than is pruned: an entry goes only when a later one vouches for it.
  const page = { after: 0, limit: PAGE + 1, aboveFloor: true };
  const result = await auditedWrite(deps, write, {
    query: { chain: { resource: "audit" }, audit: page, auditContext: page },
    tailOf: ({ chain }) => chain?.tail,
    parseOutcome: readPruned,
    async decide({ store, now, audit, auditContext }) {
      const floor = await prunableFloor(deps.ring, {
        store,
        entries: audit,
        before: Math.min(now, deps.attempts.now()) - days * DAY_MS,
        context: auditContext,
      });
      if (floor === undefined) {
        const { auditFloor, revision } = store;
        return { ok: false, failure: { code: "nothing_to_prune", floor: auditFloor, revision } as const };
      }
      const outcome = { floor, more: audit.length > PAGE };
      const change = { prune: { above: store.auditFloor, floor } };
      return { ok: true, change, authority: { auditFloor: floor }, outcome, now };
    },
  });
  if (result.ok) return result;
  const { failure } = result;
  if (failure.code !== "nothing_to_prune") return { ok: false, failure };
  return { ok: true, answer: { floor: failure.floor, more: false, revision: failure.revision } };
}

/**
 * The highest revision up to which all entries are older than `before`, or nothing.
 *
 * What stands at a revision is under no MAC, and the time of an entry tells nothing if the entry can be moved: a recent
 * revision could be made to look old, and the floor raised over what should be seen. So the entry at the floor has to be
 * one that a later entry saw as the newest, at just that revision, and both under keys that are there to verify them. And all that is let go has to be whole: a gap must not
 * vanish below the floor. @throws SealError
 */
async function prunableFloor(
  ring: KeyRing,
  page: {
    readonly store: StoreRow;
    readonly entries: readonly AuditRow[];
    /** What the entries refer to before the first of them. */
    readonly context: readonly AuditRow[];
    readonly before: number;
  },
): Promise<number | undefined> {
  const { store, entries, context, before } = page;
  const firstKept = entries.findIndex((entry) => entry.at >= before);
  const old = firstKept < 0 ? entries : entries.slice(0, firstKept);
  const vouchers = new Map(entries.map((entry) => [entry.base, entry]));
  const found = old.findLast((entry) => {
    const { revision, mac } = entry;
    const voucher = vouchers.get(revision);
    if (voucher === undefined || ![entry, voucher].every((each) => isVerifiable(ring, each))) return false;
    return voucher.revision > revision && equalBytes(voucher.anchor, mac);
  });
  const voucher = found && vouchers.get(found.revision);
  if (found === undefined || voucher === undefined) return undefined;
  await verifyEntry(ring, store, voucher);
  const walk = auditWalk(ring, store.auditFloor);
  const problems = (await Promise.all(context.map(async (entry) => await walk.know(store, entry)))).flat();
  for (const entry of old.filter(({ revision }) => revision <= found.revision)) {
    problems.push(...(await walk.see(store, entry)));
  }
  const [problem] = problems;
  if (problem !== undefined) {
    const detail = `the audit is not pruned over a fault: revision ${problem.revision} ${problem.detail}`;
    throw new SealError("inconsistent", detail);
  }
  return found.revision;
}

function readPruned(outcome: unknown): { readonly floor: number; readonly more: boolean } | undefined {
  if (typeof outcome !== "object" || outcome === null || !("floor" in outcome && "more" in outcome)) return undefined;
  const { floor, more } = outcome;
  return typeof floor === "number" && typeof more === "boolean" ? { floor, more } : undefined;
}
