/**
 * What must not be in a history of the service. Each function looks at what was asked, answered and stored, and tells every
 * contradiction in a sentence; none is good news.
 */
import type { AcknowledgedWrite } from "./ledger.ts";
import type { AuditEntry } from "./read-audit.ts";

/**
 * Acknowledged values that are not what a reader finds under their number.
 *
 * @param seen what was read under each number; `undefined`: nothing
 */
export function lostUpdates(
  writes: readonly { readonly version: number; readonly value: string }[],
  seen: ReadonlyMap<number, string | undefined>,
): readonly string[] {
  return writes
    .filter(({ version, value }) => seen.get(version) !== value)
    .map(({ version, value }) => {
      const found = seen.get(version);
      const instead = found === undefined ? "is not there" : `reads "${found}"`;
      return `version ${version}, acknowledged for "${value}", ${instead}`;
    });
}

/** What keeps numbers from being 1, 2, 3 and so on up to `count`, each once, in any order. */
export function unevenness(numbers: readonly number[], count: number): readonly string[] {
  const times = new Map<number, number>();
  for (const number of numbers) times.set(number, (times.get(number) ?? 0) + 1);
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((number) => !times.has(number));
  const strange = [...times.keys()].filter((number) => !Number.isInteger(number) || number < 1 || number > count);
  const repeated = [...times].filter(([, often]) => often > 1);
  return [
    ...missing.map((number) => `${number} is missing`),
    ...strange.map((number) => `${number} is not from 1 to ${count}`),
    ...repeated.map(([number, often]) => `${number} is there ${often} times`),
  ];
}

/** A write of a workload whose policy is revoked meanwhile. */
export interface WatchedWrite {
  /** Whether it was sent after the answer to the revocation had come. */
  readonly late: boolean;
  readonly answer: { readonly ok: true; readonly revision: number } | { readonly ok: false; readonly status: number };
}

/**
 * Writes that a revoked policy should have stopped: sent after it and not refused, or committed at its revision or later.
 *
 * @param entries all that the audit has of the resource
 */
export function writesAfterRevocation(
  revocation: { readonly revision: number; readonly caller: string },
  writes: readonly WatchedWrite[],
  entries: readonly AuditEntry[],
): readonly string[] {
  const problems: string[] = [];
  for (const { late, answer } of writes) {
    const status = answer.ok ? 200 : answer.status;
    if (late && status !== 401) problems.push(`a write sent after the revocation was answered with ${status}`);
    if (status !== 200 && status !== 401) problems.push(`a write was answered with ${status}`);
    if (answer.ok && answer.revision >= revocation.revision) {
      problems.push(`a write was acknowledged at revision ${answer.revision}`);
    }
  }
  for (const { revision, caller } of entries) {
    if (caller === revocation.caller && revision >= revocation.revision) {
      problems.push(`a write of "${caller}" was committed at revision ${revision}`);
    }
  }
  return problems;
}

/**
 * What keeps acknowledged writes and audit entries from being the same, one to one.
 *
 * @param writes those of one resource, or of everything
 * @param entries all that the audit has of the same
 */
export function unmatchedWrites(
  writes: readonly AcknowledgedWrite[],
  entries: readonly AuditEntry[],
): readonly string[] {
  const problems: string[] = [];
  const keys = new Map<string, AcknowledgedWrite>();
  for (const write of writes) {
    const first = keys.get(write.key) ?? write;
    if (describe(first) !== describe(write)) {
      problems.push(`one Idempotency-Key was answered as ${describe(first)} and as ${describe(write)}`);
    }
    keys.set(write.key, first);
  }
  const pending = new Map<string, number>();
  for (const write of keys.values()) {
    const name = describe(write);
    pending.set(name, (pending.get(name) ?? 0) + 1);
  }
  const writeIds = new Set<string>();
  for (const entry of entries) {
    const name = describe(entry);
    const left = pending.get(name) ?? 0;
    if (left === 0) problems.push(`the audit has ${name} once more than it was acknowledged`);
    pending.set(name, left - 1);
    if (writeIds.has(entry.writeId)) problems.push(`${name} has the write id of another entry`);
    writeIds.add(entry.writeId);
  }
  for (const [name, left] of pending) {
    if (left > 0) problems.push(`${name} was acknowledged and is not in the audit`);
  }
  return problems;
}

/** The audit has no version of policies: their answers have the revision there, or 0. */
function describe(write: Omit<AuditEntry, "writeId">): string {
  const { revision, caller, action, resource, version } = write;
  const what = resource.startsWith("secret:") ? `version ${version} ` : "";
  return `${action} of ${what}${resource} by ${caller} at revision ${revision}`;
}
