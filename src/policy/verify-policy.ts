import { verifyEntry } from "../audit/entry.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow, PolicyRow, StoreRow } from "../store/rows.ts";
import type { PolicyView } from "../store/store.ts";
import type { Policy } from "./policy.ts";
import type { ReportProblem } from "./policy-problem.ts";
import { openPolicy } from "./seal-policy.ts";

/** The audit action that takes a policy away: after it, and only after it, a name with a past may be without one. */
export const DELETION = "delete";

/**
 * Whether a policy's row is the one that its name was last given: the newest audit entry of the name is the one that wrote
 * it. A policy that was deleted or replaced since, and put back, has an entry that says so.
 *
 * @throws SealError
 */
export async function requireStanding(
  ring: KeyRing,
  store: StoreRow,
  { row, tail }: { readonly row: PolicyRow; readonly tail: AuditRow | undefined },
): Promise<void> {
  if (tail === undefined) throw inconsistent(row.name, "has no audit entry");
  if (tail.resource !== `policy:${row.name}`) throw inconsistent(row.name, "came with an entry of something else");
  if (tail.writeId !== row.writeId || tail.revision !== row.version) {
    throw inconsistent(row.name, "is not the one its newest audit entry wrote");
  }
  // Its own commit raised the epoch, so the one that it was decided on is past.
  if (tail.epoch !== row.epoch || row.epoch >= store.epoch || row.version > store.revision) {
    throw inconsistent(row.name, "stands outside its store");
  }
  await verifyEntry(ring, store, tail);
}

/** One policy by name, authentic and standing; nothing where there is none. @throws SealError */
export async function verifyPolicy(
  ring: KeyRing,
  store: StoreRow,
  { name, view }: { readonly name: string; readonly view: PolicyView },
): Promise<Policy | undefined> {
  const { row, tail } = view;
  if (row === undefined) {
    await verifyAbsence(ring, store, { name, tail });
    return undefined;
  }
  // Rows of another name are as authentic: an answer to another question must not pass for the one to this.
  if (row.name !== name) throw inconsistent(name, "was asked for, and another one given");
  await requireStanding(ring, store, { row, tail });
  return await openPolicy(ring, store.storeId, row);
}

/** A policy that is going to be replaced or taken away: all that has to be known of it. */
export interface Replaceable {
  readonly version: number;
  /** Undefined when the row does not tell: it is none that this service wrote last. */
  readonly times: Pick<Policy, "createdAt" | "updatedAt"> | undefined;
}

/**
 * The policy of that name for whoever puts or deletes it. A row that does not verify may be replaced and taken away, since
 * nothing of it is kept; else a name would be lost for good once somebody had touched its row. Its newest audit entry has
 * to be ours, because the next one continues it.
 *
 * @throws SealError
 */
export async function replaceablePolicy(
  ring: KeyRing,
  store: StoreRow,
  asked: { readonly name: string; readonly view: PolicyView; readonly report: ReportProblem },
): Promise<Replaceable | undefined> {
  const { name, view, report } = asked;
  try {
    const found = await verifyPolicy(ring, store, asked);
    return found && { version: found.version, times: found };
  } catch (error) {
    const { row, tail } = view;
    if (!(error instanceof SealError) || row?.name !== name || tail?.resource !== `policy:${name}`) throw error;
    await verifyEntry(ring, store, tail);
    report({ policy: name, reason: `seal_${error.reason}`, detail: error.detail });
    return { version: row.version, times: undefined };
  }
}

async function verifyAbsence(
  ring: KeyRing,
  store: StoreRow,
  { name, tail }: { readonly name: string; readonly tail: AuditRow | undefined },
): Promise<void> {
  if (tail === undefined) return;
  if (tail.resource !== `policy:${name}`) throw inconsistent(name, "came with an entry of something else");
  await verifyEntry(ring, store, tail);
  if (tail.action !== DELETION) throw inconsistent(name, "is missing");
}

function inconsistent(name: string, what: string): SealError {
  return new SealError("inconsistent", `policy "${name}" ${what}`);
}
