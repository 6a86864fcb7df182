import { raisesEpoch } from "../commit/entry.ts";
import { equalBytes } from "../seal/equal-bytes.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { AuditRow, Bytes, KeyRow, StoreRow } from "../store/rows.ts";
import type { AnySnapshot } from "../store/store.ts";
import { checkEntry } from "./check-entry.ts";

/** A problem in the stored audit. */
export interface AuditProblem {
  /** Revision of the entry that shows the problem. */
  readonly revision: number;
  readonly kind:
    | "gap"
    | "not_authentic"
    | "unregistered_key"
    | "broken_chain"
    | "broken_anchor"
    | "broken_epoch"
    | "missing_tail";
  readonly detail: string;
}

/** The part of an entry's snapshot that the entry is checked against. The store row is verified. */
type WalkedState = Pick<AnySnapshot, "store" | "keys">;

/** Checks audit entries one after the other. Each comes with its snapshot. */
interface AuditWalk {
  /** Revision of the last checked entry. */
  readonly last: number;
  /**
   * Number of unverified entries for each key id that the ring lacks. Their order is still checked, and so are the
   * references of later entries to them.
   */
  readonly unverified: ReadonlyMap<string, number>;
  /** Adds an earlier entry that the next checked entries refer to. */
  addContext(state: WalkedState, entry: AuditRow): Promise<readonly AuditProblem[]>;
  /** Checks the next entry. */
  check(state: WalkedState, entry: AuditRow): Promise<readonly AuditProblem[]>;
  /** Checks that the last entry was the newest one of the store. */
  finish(store: StoreRow): readonly AuditProblem[];
}

/** How many commits an entry's `base` may be back: more than a store can make before the deadline of a request. */
const MAX_BASE_DISTANCE = 50_000;

/**
 * Reports every gap, every entry that does not verify, and every entry that contradicts an earlier one: the previous entry
 * of its resource, or the entry at its `base`. Memory grows with the number of resources, not of entries.
 *
 * @param after revision before the first checked entry: 0, or where an earlier walk ended
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
    async addContext({ store }, entry) {
      const { revision } = entry;
      const seen = macs.get(revision);
      if (seen !== undefined) {
        if (equalBytes(seen, entry.mac)) return [];
        return [{ revision, kind: "not_authentic", detail: "the database returned a different entry earlier" }];
      }
      const result = await checkEntry(ring, store, entry);
      const problems = result.status === "not_authentic" ? [toProblem(result, revision)] : [];
      macs.set(revision, entry.mac);
      if (revision === last) newest = entry;
      if ((tails.get(entry.resource)?.revision ?? 0) < revision) tails.set(entry.resource, entry);
      return problems;
    },
    async check({ store, keys }, entry) {
      const { revision, keyId } = entry;
      const { auditFloor: floor } = store;
      firstFloor ??= floor;
      const problems: AuditProblem[] = [];
      const add = (kind: AuditProblem["kind"], detail: string | undefined): void => {
        if (detail !== undefined) problems.push({ revision, kind, detail });
      };
      add("gap", gapProblem(last, entry, floor));
      const result = await checkEntry(ring, store, entry);
      if (result.status === "not_authentic") problems.push(toProblem(result, revision));
      if (result.status === "unverified") {
        unverified.set(keyId, (unverified.get(keyId) ?? 0) + 1);
        add("unregistered_key", keyProblem(keys, entry));
      }
      add("broken_chain", chainProblem(tails.get(entry.resource), entry, { floor, pruned: floor > firstFloor }));
      add("broken_anchor", anchorProblem(macs.get(entry.base), entry, floor));
      add("broken_epoch", epochProblem(newest, entry, floor));
      newest = entry;
      macs.set(revision, entry.mac);
      macs.delete(revision - MAX_BASE_DISTANCE);
      tails.set(entry.resource, entry);
      last = revision;
      return problems;
    },
    finish({ revision, epoch }) {
      if (last !== revision) return [{ revision, kind: "missing_tail", detail: `the last entry is ${last}` }];
      if (newest === undefined || epochAfter(newest) === epoch) return [];
      const detail = `the entries lead to epoch ${epochAfter(newest)}, but the store has epoch ${epoch}`;
      return [{ revision, kind: "broken_epoch", detail }];
    },
  };
}

/** At or below the floor, only the newest entry of each resource is left. Above it, no revision may be missing. */
function gapProblem(last: number, { revision }: AuditRow, floor: number): string | undefined {
  const expected = Math.max(last, floor) + 1;
  return revision > floor && revision !== expected ? `expected revision ${expected}` : undefined;
}

/** Whether an entry continues the chain of its resource. `pruned`: the floor was raised during this walk. */
function chainProblem(
  previous: AuditRow | undefined,
  entry: AuditRow,
  { floor, pruned }: { readonly floor: number; readonly pruned: boolean },
): string | undefined {
  // Entries at or below the floor may be pruned, so the first remaining entry of a resource can have any `seq`.
  if (previous === undefined) {
    const starts = entry.seq === 1 && entry.prev === null;
    return starts || floor > 0 ? undefined : `the first entry found of its resource has number ${entry.seq}`;
  }
  // The entries between these two may have been pruned during the walk, before it reached them.
  if (pruned && previous.revision <= floor && entry.seq > previous.seq + 1) return undefined;
  if (entry.seq !== previous.seq + 1) return `entry ${entry.seq} of its resource follows entry ${previous.seq}`;
  return equalBytes(entry.prev, previous.mac)
    ? undefined
    : `does not continue the entry at revision ${previous.revision}`;
}

/**
 * Whether the epochs of two consecutive entries fit together.
 *
 * A commit wins only at the epoch that it was decided on, and only changes of permissions raise the epoch. So the epochs
 * count these changes: a deleted entry is noticed even if another commit has taken its revision.
 */
function epochProblem(previous: AuditRow | undefined, entry: AuditRow, floor: number): string | undefined {
  if (previous === undefined && entry.revision > 1) return undefined;
  const expected = previous === undefined ? 0 : epochAfter(previous);
  // At or below the floor, entries in between may be pruned.
  const fits = previous !== undefined && previous.revision < floor ? entry.epoch >= expected : entry.epoch === expected;
  return fits ? undefined : `was decided on epoch ${entry.epoch}, expected ${expected}`;
}

function epochAfter({ epoch, resource }: AuditRow): number {
  return raisesEpoch(resource) ? epoch + 1 : epoch;
}

/** Whether the newest entry at the time of this one (its `anchor`) is still the entry at that revision. */
function anchorProblem(seen: Bytes | undefined, entry: AuditRow, floor: number): string | undefined {
  if (entry.base === 0) return entry.anchor === null ? undefined : "refers to an entry before the first one";
  if (seen === undefined && entry.base <= floor) return undefined;
  return seen !== undefined && equalBytes(entry.anchor, seen)
    ? undefined
    : `refers to a different entry at revision ${entry.base}`;
}

/**
 * The problem of an entry whose key is neither in the ring nor registered. Keys are registered before their first
 * entry and stay registered, so someone changed the database: the entry is forged, or the row of its key was deleted.
 */
function keyProblem(keys: readonly KeyRow[], { keyId }: AuditRow): string | undefined {
  return keys.some((key) => key.keyId === keyId)
    ? undefined
    : "is under a key that is neither in the ring nor registered in this store";
}

function toProblem({ detail }: { readonly detail: string }, revision: number): AuditProblem {
  return { revision, kind: "not_authentic", detail };
}
