import { beyondOf } from "../commit/generation.ts";
import { parseState } from "../commit/store-row.ts";
import { equalBytes } from "../seal/equal-bytes.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { AuditRow, Bytes, KeyRow, StoreRow } from "../store/rows.ts";
import type { AnySnapshot } from "../store/store.ts";
import { type AuditProblem, faultOf } from "./audit-problem.ts";
import { checkEntry, type EntryCheck } from "./check-entry.ts";
import { type EpochProblem, EpochWalk } from "./epoch-walk.ts";
import { reachedTime, withheldProblem } from "./withheld-entry.ts";

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
  finish(store: StoreRow): Promise<readonly AuditProblem[]>;
}

/** How many commits an entry's `base` may be back: more than a store can make before the deadline of a request. */
const MAX_BASE_DISTANCE = 50_000;

/** An entry that was seen, as far as later entries refer to it. */
interface SeenEntry {
  readonly mac: Bytes;
  readonly isAuthentic: boolean;
}

/** A contradiction that an entry shows. `isLoss`: it follows from an entry that is missing or does not verify. */
interface Contradiction {
  readonly detail: string;
  readonly isLoss: boolean;
}

/**
 * Reports every gap, every entry that does not verify, and every entry that contradicts an earlier one: the previous entry
 * of its resource, the entry at its `base`, the entries that raised the epoch, or the times of all of them. Memory grows with
 * the number of resources and of epochs, not of entries.
 *
 * @param after revision before the first checked entry: 0, or where an earlier walk ended
 */
export function auditWalk(ring: KeyRing, after: number): AuditWalk {
  const seen = new Map<number, SeenEntry>();
  const tails = new Map<string, AuditRow & { readonly isAuthentic: boolean }>();
  const unverified = new Map<string, number>();
  let last = after;
  let reached = -Infinity;
  let firstFloor: number | undefined;
  let epochs: EpochWalk | undefined;
  const epochsOf = ({ storeId }: StoreRow): EpochWalk => (epochs ??= new EpochWalk(ring, storeId));
  const remember = (entry: AuditRow, { status }: EntryCheck): void => {
    const isAuthentic = status === "authentic";
    seen.set(entry.revision, { mac: entry.mac, isAuthentic });
    if (isAuthentic) reached = reachedTime(reached, entry);
    if ((tails.get(entry.resource)?.revision ?? 0) < entry.revision)
      tails.set(entry.resource, { ...entry, isAuthentic });
  };
  return {
    get last() {
      return last;
    },
    unverified,
    async addContext({ store }, entry) {
      const { revision } = entry;
      const known = seen.get(revision);
      if (known !== undefined) {
        if (equalBytes(known.mac, entry.mac)) return [];
        const detail = "the database returned a different entry earlier";
        return [{ revision, kind: "not_authentic", detail, fault: undefined }];
      }
      const result = await checkEntry(ring, store, entry);
      await epochsOf(store).add(entry, { status: result.status, floor: store.auditFloor });
      remember(entry, result);
      return result.status === "not_authentic" ? [await notAuthentic(entry, result.detail)] : [];
    },
    async check({ store, keys }, entry) {
      const { revision, keyId, base } = entry;
      const { auditFloor: floor } = store;
      firstFloor ??= floor;
      const problems: AuditProblem[] = [];
      const add = async (kind: AuditProblem["kind"], found: Contradiction | undefined): Promise<void> => {
        if (found !== undefined) problems.push(await problemOf(kind, entry, found));
      };
      const result = await checkEntry(ring, store, entry);
      const { status } = result;
      const isAuthentic = status === "authentic";
      // At or below the floor, only the newest entry of each resource is left. Above it, no revision may be missing, except those
      // that a leap skipped.
      const expected = Math.max(last, floor) + 1;
      const leaps = status !== "not_authentic" && leapt(store, entry);
      const before = leaps ? base : revision - 1;
      if (expected <= before) {
        problems.push(await missingEntries({ revision, kind: "gap" }, [expected, before]));
      }
      if (leaps && last > base && seen.has(last)) {
        await add("broken_anchor", {
          detail: `leapt from revision ${base}, which entry ${last} follows`,
          isLoss: false,
        });
      }
      if (status === "not_authentic") problems.push(await notAuthentic(entry, result.detail));
      if (status === "unverified") {
        unverified.set(keyId, (unverified.get(keyId) ?? 0) + 1);
        await add("unregistered_key", keyProblem(keys, entry));
      }
      const pruned = floor > firstFloor;
      await add("broken_chain", chainProblem(tails.get(entry.resource), entry, { floor, pruned, isAuthentic }));
      await add("broken_anchor", anchorProblem(seen.get(base), entry, { floor, isAuthentic }));
      for (const found of await epochsOf(store).check(entry, { status, floor })) {
        problems.push(await epochProblem(entry, found));
      }
      const delay = isAuthentic ? withheldProblem(reached, entry) : undefined;
      await add("withheld", delay === undefined ? undefined : { detail: delay, isLoss: false });
      remember(entry, result);
      seen.delete(revision - MAX_BASE_DISTANCE);
      last = revision;
      return problems;
    },
    async finish(store) {
      const { revision, auditFloor } = store;
      const problems: AuditProblem[] = [];
      if (last < revision) {
        const first = Math.max(last, auditFloor) + 1;
        problems.push(await missingEntries({ revision, kind: "missing_tail" }, [first, revision]));
      } else if (last > revision) {
        // The store was rolled back, or an entry was added above its revision.
        const detail = `the store has revision ${revision}, which is before revision ${last}`;
        const fault = await faultOf("rolled_back", [revision, last]);
        problems.push({ revision, kind: "missing_tail", detail, fault });
      }
      for (const found of await epochsOf(store).finish(store)) {
        problems.push(await epochProblem({ revision, mac: store.mac }, found));
      }
      return problems;
    },
  };
}

/**
 * Whether the commit of an entry leapt to its revision, because it put a restored database into service. Such a commit wins only if
 * the entry at its `base` is the newest one, so that the entries before it are as complete as without the leap.
 *
 * An entry cannot be moved to the revision of a leap: later entries of that generation have a higher `base`.
 */
function leapt({ storeId }: StoreRow, { revision, leadsTo }: AuditRow): boolean {
  if (leadsTo === null) return false;
  try {
    const generation = parseState(storeId, leadsTo)?.generation ?? "";
    return generation !== "" && beyondOf(generation) === revision - 1;
  } catch {
    // The text of an entry whose key the ring lacks is not verified.
    return false;
  }
}

/** Whether an entry continues the chain of its resource. `pruned`: the floor was raised during this walk. */
function chainProblem(
  previous: (AuditRow & { readonly isAuthentic: boolean }) | undefined,
  entry: AuditRow,
  { floor, pruned, isAuthentic }: { readonly floor: number; readonly pruned: boolean; readonly isAuthentic: boolean },
): Contradiction | undefined {
  // Entries at or below the floor may be pruned, so the first remaining entry of a resource can have any `seq`.
  if (previous === undefined) {
    const starts = entry.seq === 1 && entry.prev === null;
    if (starts || floor > 0) return undefined;
    return { detail: `the first entry found of its resource has number ${entry.seq}`, isLoss: true };
  }
  // The entries between these two may have been pruned during the walk, before it reached them.
  if (pruned && previous.revision < floor && entry.seq > previous.seq + 1) return undefined;
  const involvesLoss = !isAuthentic || !previous.isAuthentic;
  if (entry.seq !== previous.seq + 1) {
    const detail = `entry ${entry.seq} of its resource follows entry ${previous.seq}`;
    return { detail, isLoss: involvesLoss || entry.seq > previous.seq };
  }
  if (equalBytes(entry.prev, previous.mac)) return undefined;
  return { detail: `does not continue the entry at revision ${previous.revision}`, isLoss: involvesLoss };
}

/** Whether the newest entry at the time of this one (its `anchor`) is still the entry at that revision. */
function anchorProblem(
  found: SeenEntry | undefined,
  { base, anchor }: AuditRow,
  { floor, isAuthentic }: { readonly floor: number; readonly isAuthentic: boolean },
): Contradiction | undefined {
  if (base === 0) {
    return anchor === null ? undefined : { detail: "refers to an entry before the first one", isLoss: !isAuthentic };
  }
  if (found === undefined) {
    // Without an anchor, the entry was missing already: its loss was acknowledged by this entry.
    if (base <= floor || anchor === null) return undefined;
    return { detail: `refers to a different entry at revision ${base}`, isLoss: true };
  }
  if (equalBytes(anchor, found.mac)) return undefined;
  return { detail: `refers to a different entry at revision ${base}`, isLoss: !isAuthentic || !found.isAuthentic };
}

/**
 * The problem of an entry whose key is neither in the ring nor registered. Keys are registered before their first
 * entry and stay registered, so someone changed the database: the entry is forged, or the row of its key was deleted.
 */
function keyProblem(keys: readonly KeyRow[], { keyId }: AuditRow): Contradiction | undefined {
  if (keys.some((key) => key.keyId === keyId)) return undefined;
  return { detail: "is under a key that is neither in the ring nor registered in this store", isLoss: true };
}

type Shown = { readonly revision: number; readonly mac: Bytes | null };

async function problemOf(
  kind: AuditProblem["kind"],
  { revision, mac }: Shown,
  { detail, isLoss }: Contradiction,
): Promise<AuditProblem> {
  // With the MAC, an acknowledgement does not cover another entry that is put in this place.
  return { revision, kind, detail, fault: isLoss ? await faultOf(kind, [revision, detail, mac]) : undefined };
}

async function notAuthentic(entry: AuditRow, detail: string): Promise<AuditProblem> {
  return await problemOf("not_authentic", entry, { detail, isLoss: true });
}

async function epochProblem(shown: Shown, { kind, missing, ...found }: EpochProblem): Promise<AuditProblem> {
  if (missing === undefined) return await problemOf(kind, shown, found);
  return { revision: shown.revision, kind, detail: found.detail, fault: await faultOf("missing_epochs", missing) };
}

async function missingEntries(
  shown: Pick<AuditProblem, "revision" | "kind">,
  [first, last]: readonly [first: number, last: number],
): Promise<AuditProblem> {
  const detail =
    first === last
      ? `the entry at revision ${first} is missing`
      : `the entries at revisions ${first} to ${last} are missing`;
  return { ...shown, detail, fault: await faultOf("missing", [first, last]) };
}
