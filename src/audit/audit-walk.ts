import { equalBytes } from "../seal/equal-bytes.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow, Bytes, StoreRow } from "../store/rows.ts";
import { raisesEpoch, verifyEntry } from "../commit/entry.ts";

/** One thing wrong with the stored audit. `revision` is where it shows. */
export interface AuditProblem {
  readonly revision: number;
  readonly kind: "gap" | "not_authentic" | "broken_chain" | "broken_anchor" | "broken_epoch" | "missing_tail";
  readonly detail: string;
}

/** Looks at audit entries one after the other, each with the verified store row of its snapshot. */
interface AuditWalk {
  /** The revision of the last entry seen. */
  readonly last: number;
  /**
   * How many of the entries seen are under a key that the ring has no more, by key id. What they say cannot be verified, but
   * that they follow one another, and are those that later entries saw, still is.
   */
  readonly unverified: ReadonlyMap<string, number>;
  /** An entry before the next one that is seen, to which later ones refer. */
  know(store: StoreRow, entry: AuditRow): Promise<readonly AuditProblem[]>;
  see(store: StoreRow, entry: AuditRow): Promise<readonly AuditProblem[]>;
  /** What is missing at the end, when the store's newest entry should have been seen. */
  end(store: StoreRow): readonly AuditProblem[];
}

/**
 * How far back an entry may have looked, in commits: more than a store can make before the deadline of a request.
 */
const LONGEST_REACH = 50_000;

/**
 * Reports every gap, every entry that is not ours, and every break in the chain of a resource or in what each entry says
 * of the newest one before it. Memory grows with the number of resources, not of entries.
 *
 * @param after the revision before the first one to be seen: 0, or where an earlier walk ended
 */
export function auditWalk(ring: KeyRing, after: number): AuditWalk {
  const macs = new Map<number, Bytes>();
  const tails = new Map<string, AuditRow>();
  const unverified = new Map<string, number>();
  let last = after;
  let newest: AuditRow | undefined;
  let firstFloor: number | undefined;
  return {
    get last() {
      return last;
    },
    unverified,
    async know(store, entry) {
      const { revision } = entry;
      const seen = macs.get(revision);
      if (seen !== undefined) {
        if (equalBytes(seen, entry.mac)) return [];
        return [{ revision, kind: "not_authentic", detail: "is another entry than a moment ago" }];
      }
      const problems = await forgeries(ring, store, entry);
      macs.set(revision, entry.mac);
      if (revision === last) newest = entry;
      if ((tails.get(entry.resource)?.revision ?? 0) < revision) tails.set(entry.resource, entry);
      return problems;
    },
    async see(store, entry) {
      const { revision } = entry;
      const problems = [...(await forgeries(ring, store, entry))];
      if (!isVerifiable(ring, entry)) unverified.set(entry.keyId, (unverified.get(entry.keyId) ?? 0) + 1);
      // Up to the floor only the newest entries of resources are left.
      const expected = Math.max(last, store.auditFloor) + 1;
      if (revision > store.auditFloor && revision !== expected)
        problems.unshift({ revision, kind: "gap", detail: `expected revision ${expected}` });
      firstFloor ??= store.auditFloor;
      const broken = breakIn(tails.get(entry.resource), entry, {
        floor: store.auditFloor,
        pruned: store.auditFloor > firstFloor,
      });
      if (broken !== undefined) problems.push({ revision, kind: "broken_chain", detail: broken });
      const adrift = driftOf(macs.get(entry.base), entry, store.auditFloor);
      if (adrift !== undefined) problems.push({ revision, kind: "broken_anchor", detail: adrift });
      const leapt = leapIn(newest, entry, store.auditFloor);
      if (leapt !== undefined) problems.push({ revision, kind: "broken_epoch", detail: leapt });
      newest = entry;
      macs.set(revision, entry.mac);
      macs.delete(revision - LONGEST_REACH);
      tails.set(entry.resource, entry);
      last = revision;
      return problems;
    },
    end({ revision, epoch }) {
      if (last !== revision) return [{ revision, kind: "missing_tail", detail: `the last entry is ${last}` }];
      if (newest === undefined || epochAfter(newest) === epoch) return [];
      return [
        { revision, kind: "broken_epoch", detail: `leads to epoch ${epochAfter(newest)}, the store has ${epoch}` },
      ];
    },
  };
}

function breakIn(
  before: AuditRow | undefined,
  entry: AuditRow,
  { floor, pruned }: { readonly floor: number; readonly pruned: boolean },
): string | undefined {
  // Entries below the floor may be gone, so the first one met of a resource can stand anywhere in its chain.
  if (before === undefined) {
    const starts = entry.seq === 1 && entry.prev === null;
    return starts || floor > 0 ? undefined : `entry ${entry.seq} of its resource is the first one found`;
  }
  // Pruned during the walk: what stood between the two may have gone before it was seen.
  if (pruned && before.revision <= floor && entry.seq > before.seq + 1) return undefined;
  if (entry.seq !== before.seq + 1) return `entry ${entry.seq} of its resource follows entry ${before.seq}`;
  return equalBytes(entry.prev, before.mac) ? undefined : `does not continue revision ${before.revision}`;
}

/**
 * Whether the epochs of two entries in a row fit. The gate pins the epoch of each commit, and only changes of rights raise
 * it, so they count the changes of rights that were made: one that was cut out is missed although another commit has
 * taken its revision since.
 */
function leapIn(before: AuditRow | undefined, entry: AuditRow, floor: number): string | undefined {
  if (before === undefined && entry.revision > 1) return undefined;
  const due = before === undefined ? 0 : epochAfter(before);
  // Of what lies at or below the floor some is gone.
  const fits = before !== undefined && before.revision < floor ? entry.epoch >= due : entry.epoch === due;
  return fits ? undefined : `was decided on epoch ${entry.epoch}, not ${due}`;
}

function epochAfter({ epoch, resource }: AuditRow): number {
  return raisesEpoch(resource) ? epoch + 1 : epoch;
}

/** Whether the newest entry that this one saw is still what stands at that revision. */
function driftOf(seen: Bytes | undefined, entry: AuditRow, floor: number): string | undefined {
  if (entry.base === 0) return entry.anchor === null ? undefined : "saw an entry before the first";
  if (seen === undefined && entry.base <= floor) return undefined;
  return seen !== undefined && equalBytes(entry.anchor, seen)
    ? undefined
    : `saw another entry at revision ${entry.base}`;
}

/** Whether the ring has the key of an entry. */
export function isVerifiable(ring: KeyRing, { keyId }: AuditRow): boolean {
  return ring.keys.some(({ id }) => id === keyId);
}

async function forgeries(ring: KeyRing, store: StoreRow, entry: AuditRow): Promise<readonly AuditProblem[]> {
  try {
    await verifyEntry(ring, store, entry);
    return [];
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    if (error.reason === "unknown_key") return [];
    return [{ revision: entry.revision, kind: "not_authentic", detail: error.detail }];
  }
}
