import type { KeyRing } from "../seal/key-ring.ts";
import { toSealFault, SealError, type SealFault } from "../seal/seal-error.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";
import { verifyEntry } from "./entry.ts";

/** The audit action that takes a row away: after it, and only after it, a name with a past may be without one. */
export const DELETION = "delete";

/**
 * The audit action that puts a row under another root key and changes nothing else. Of a name without a row it is the newest
 * entry itself that is written anew, because the absence is judged by it.
 */
export const REWRAP = "rewrap";

/** What such an entry tells where the row had been deleted before. */
export const STILL_DELETED = { deleted: true } as const;

/** Whether an authentic entry leaves its name without a row. */
export function isDeletion({ action, outcome }: AuditRow): boolean {
  return action === DELETION || (action === REWRAP && outcome === JSON.stringify(STILL_DELETED));
}

/** What a row says of the commit that wrote it. */
interface Written {
  readonly version: number;
  readonly writeId: string;
  readonly epoch: number;
}

/** A row that is named by one resource and judged by its newest audit entry, and what people call it. */
export interface NamedResource {
  /** `policy:NAME`, `bundle:TRUST_DOMAIN`. */
  readonly resource: string;
  /** For the operator's log: `policy "NAME"`. */
  readonly title: string;
}

/**
 * Whether a row that gives rights is the one that its name was last given: the newest audit entry of the name is the one that
 * wrote it. A row that was deleted or replaced since, and put back, has an entry that says so.
 *
 * Says nothing of the row's own contents. @throws SealError
 */
export async function requireCurrentRow(
  ring: KeyRing,
  store: StoreRow,
  { named, row, tail }: { readonly named: NamedResource; readonly row: Written; readonly tail: AuditRow | undefined },
): Promise<void> {
  if (tail === undefined) throw inconsistent(named, "has no audit entry");
  if (tail.resource !== named.resource) throw inconsistent(named, "came with an entry of something else");
  if (tail.writeId !== row.writeId || tail.revision !== row.version) {
    throw inconsistent(named, "is not the one its newest audit entry wrote");
  }
  // Its own commit raised the epoch, so the one that it was decided on is past.
  if (tail.epoch !== row.epoch || row.epoch >= store.epoch || row.version > store.revision) {
    throw inconsistent(named, "stands outside its store");
  }
  await verifyEntry(ring, store, tail);
}

/** Whether a row may be missing: it never was, or its newest audit entry is its deletion. @throws SealError */
export async function requireAbsentRow(
  ring: KeyRing,
  store: StoreRow,
  { named, tail }: { readonly named: NamedResource; readonly tail: AuditRow | undefined },
): Promise<void> {
  if (tail === undefined) return;
  if (tail.resource !== named.resource) throw inconsistent(named, "came with an entry of something else");
  await verifyEntry(ring, store, tail);
  if (!isDeletion(tail)) throw inconsistent(named, "is missing");
}

/** A row that is going to be replaced or taken away: all that has to be known of it. */
export interface Replaceable<Row> {
  readonly version: number;
  /** Undefined when it is none that this service wrote last. */
  readonly row: Row | undefined;
}

/**
 * The row of that name for whoever puts or deletes it, as `verify` finds it. One that does not verify may be replaced and taken
 * away, since nothing of it is kept; else a name would be lost for good once somebody had touched its row. Its newest audit
 * entry has to be ours, because the next one continues it.
 *
 * @throws SealError
 */
export async function replaceable<Row extends { readonly version: number }>(
  ring: KeyRing,
  store: StoreRow,
  options: {
    readonly named: NamedResource;
    /** Undefined, too, where the row is one of another name. */
    readonly version: number | undefined;
    readonly tail: AuditRow | undefined;
    readonly verify: () => Promise<Row | undefined>;
    readonly report: (fault: SealFault) => void;
  },
): Promise<Replaceable<Row> | undefined> {
  const { named, version, tail, verify, report } = options;
  try {
    const row = await verify();
    return row && { version: row.version, row };
  } catch (error) {
    if (!(error instanceof SealError) || version === undefined || tail?.resource !== named.resource) throw error;
    await verifyEntry(ring, store, tail);
    report(toSealFault(error));
    return { version, row: undefined };
  }
}

function inconsistent({ title }: NamedResource, what: string): SealError {
  return new SealError("inconsistent", `${title} ${what}`);
}
