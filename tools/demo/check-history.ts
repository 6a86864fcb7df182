/** Checks on the requests, responses and audit entries of a run. Each function returns one sentence per problem. */
import type { AcknowledgedWrite } from "./ledger.ts";
import type { AuditEntry } from "./read-audit.ts";

/**
 * Finds acknowledged values that are not stored under their version.
 *
 * @param stored the value read for each version; undefined if the read failed
 */
export function findLostUpdates(
  writes: readonly { readonly version: number; readonly value: string }[],
  stored: ReadonlyMap<number, string | undefined>,
): readonly string[] {
  return writes
    .filter(({ version, value }) => stored.get(version) !== value)
    .map(({ version, value }) => {
      const actual = stored.get(version);
      const problem = actual === undefined ? "does not exist" : `has the value "${actual}"`;
      return `version ${version}, acknowledged for "${value}", ${problem}`;
    });
}

/** Finds gaps, duplicates and unexpected numbers in a list that should contain 1 to `count` once each, in any order. */
export function findSequenceErrors(numbers: readonly number[], count: number): readonly string[] {
  const occurrences = new Map<number, number>();
  for (const number of numbers) occurrences.set(number, (occurrences.get(number) ?? 0) + 1);
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((number) => !occurrences.has(number));
  const unexpected = [...occurrences.keys()].filter((n) => !Number.isInteger(n) || n < 1 || n > count);
  const repeated = [...occurrences].filter(([, times]) => times > 1);
  return [
    ...missing.map((number) => `${number} is missing`),
    ...unexpected.map((number) => `${number} is not from 1 to ${count}`),
    ...repeated.map(([number, times]) => `${number} occurs ${times} times`),
  ];
}

/** A write of a workload whose policy is deleted during the run. */
export interface ObservedWrite {
  /** True if it was sent after the response to the deletion arrived. */
  readonly isLate: boolean;
  readonly result: { readonly ok: true; readonly revision: number } | { readonly ok: false; readonly status: number };
}

/**
 * Finds writes that a revocation should have stopped: writes that were sent after it and accepted, and writes that were committed at
 * its revision or later.
 *
 * @param entries all audit entries of the resource
 */
export function findWritesAfterRevocation(
  revocation: { readonly revision: number; readonly spiffeId: string },
  writes: readonly ObservedWrite[],
  entries: readonly AuditEntry[],
): readonly string[] {
  const problems: string[] = [];
  for (const { isLate, result } of writes) {
    const status = result.ok ? 200 : result.status;
    if (isLate && status !== 401) problems.push(`a write sent after the revocation got status ${status}`);
    if (status !== 200 && status !== 401) problems.push(`a write got status ${status}`);
    if (result.ok && result.revision >= revocation.revision) {
      problems.push(`a write was acknowledged at revision ${result.revision}`);
    }
  }
  for (const { revision, spiffeId } of entries) {
    if (spiffeId === revocation.spiffeId && revision >= revocation.revision) {
      problems.push(`a write of "${spiffeId}" was committed at revision ${revision}`);
    }
  }
  return problems;
}

/**
 * Finds acknowledged writes without an audit entry, and audit entries without an acknowledged write. Both lists must be of the same
 * resource, or of all resources.
 */
export function findUnmatchedWrites(
  writes: readonly AcknowledgedWrite[],
  entries: readonly AuditEntry[],
): readonly string[] {
  const problems: string[] = [];
  const writesByKey = new Map<string, AcknowledgedWrite>();
  for (const write of writes) {
    const first = writesByKey.get(write.key) ?? write;
    if (describe(first) !== describe(write)) {
      problems.push(`one Idempotency-Key was acknowledged as ${describe(first)} and as ${describe(write)}`);
    }
    writesByKey.set(write.key, first);
  }
  const pending = new Map<string, number>();
  for (const write of writesByKey.values()) {
    const name = describe(write);
    pending.set(name, (pending.get(name) ?? 0) + 1);
  }
  const writeIds = new Set<string>();
  for (const entry of entries) {
    const name = describe(entry);
    const left = pending.get(name) ?? 0;
    if (left === 0) problems.push(`the audit log contains ${name} more often than it was acknowledged`);
    pending.set(name, left - 1);
    if (writeIds.has(entry.writeId)) problems.push(`${name} has the write id of another entry`);
    writeIds.add(entry.writeId);
  }
  for (const [name, left] of pending) {
    if (left > 0) problems.push(`${name} was acknowledged but is missing from the audit log`);
  }
  return problems;
}

/** Omits the version of a policy: the audit log does not record it. */
function describe(write: Omit<AuditEntry, "writeId">): string {
  const { revision, spiffeId, action, resource, version } = write;
  const target = resource.startsWith("secret:") ? `version ${version} of ${resource}` : resource;
  return `${action} ${target} by ${spiffeId} at revision ${revision}`;
}
