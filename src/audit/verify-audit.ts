import type { KeyRing } from "../seal/key-ring.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";
import { verifyEntry } from "./entry.ts";

/** One thing wrong with the stored audit. `revision` is where it shows. */
interface AuditProblem {
  readonly revision: number;
  readonly kind: "gap" | "not_authentic" | "broken_chain" | "missing_tail";
  readonly detail: string;
}

interface AuditReport {
  readonly entries: number;
  readonly problems: readonly AuditProblem[];
}

/**
 * Walks stored audit entries in order of revision and reports every gap, every entry that is not ours, and every break
 * in the chain of a resource. Memory grows with the number of resources, not of entries.
 *
 * @param entries all entries above `store.auditFloor`, ascending
 */
export async function verifyAudit(
  ring: KeyRing,
  store: StoreRow,
  entries: AsyncIterable<AuditRow>,
): Promise<AuditReport> {
  const problems: AuditProblem[] = [];
  const tails = new Map<string, AuditRow>();
  let expected = store.auditFloor + 1;
  let count = 0;
  for await (const entry of entries) {
    const { revision } = entry;
    if (revision !== expected) {
      problems.push({ revision, kind: "gap", detail: `expected revision ${expected}` });
    }
    const forged = await reasonOf(verifyEntry(ring, store, entry));
    if (forged !== undefined) problems.push({ revision, kind: "not_authentic", detail: forged });
    const broken = breakIn(tails.get(entry.resource), entry, store.auditFloor);
    if (broken !== undefined) problems.push({ revision, kind: "broken_chain", detail: broken });
    tails.set(entry.resource, entry);
    expected = revision + 1;
    count += 1;
  }
  if (expected !== store.revision + 1) {
    problems.push({ revision: store.revision, kind: "missing_tail", detail: `the last entry is ${expected - 1}` });
  }
  return { entries: count, problems };
}

function breakIn(before: AuditRow | undefined, entry: AuditRow, floor: number): string | undefined {
  // Entries below the floor may be gone, so the first one met of a resource can stand anywhere in its chain.
  if (before === undefined) {
    const starts = entry.seq === 1 && entry.prev === null;
    return starts || floor > 0 ? undefined : `entry ${entry.seq} of its resource is the first one found`;
  }
  if (entry.seq !== before.seq + 1) return `entry ${entry.seq} of its resource follows entry ${before.seq}`;
  const { prev } = entry;
  const linked = prev?.length === before.mac.length && prev.every((byte, index) => byte === before.mac[index]);
  return linked ? undefined : `does not continue revision ${before.revision}`;
}

async function reasonOf(check: Promise<void>): Promise<string | undefined> {
  try {
    await check;
    return undefined;
  } catch (error) {
    if (error instanceof SealError) return error.detail;
    throw error;
  }
}
