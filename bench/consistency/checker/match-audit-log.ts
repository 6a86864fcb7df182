import { type AuditEntry, type History, isWrite, type Operation } from "../history/history.ts";
import { type Commit, type Commits, hasTarget, secretPath, subjectOf, targetOf } from "./commit.ts";
import { exchangeById, type ExchangeTable } from "./exchange-table.ts";
import type { Finding, Findings } from "./findings.ts";
import { presumeCommits } from "./presume-commits.ts";
import { isRefusal } from "./status.ts";

/**
 * Matches the audit entries with the exchanges that caused them, by trace ID. Reports entries that match no write and
 * duplicates. Acknowledged writes without an entry are added at the revision in their response.
 */
export function matchAuditLog(history: History, table: ExchangeTable, findings: Findings): Commits {
  const entries = sortEntries(history.auditLog, findings);
  const exchangeIds = exchangeIdsByTrace(history.operations, table, entries);
  const all: Commit[] = [];
  const byOperation: (Commit | undefined)[] = history.operations.map(() => undefined);
  const duplicateRevisions = new Set<number>();
  const hasSameCaller = callerMatcher();
  for (const entry of entries) {
    const exchangeId = exchangeIds.get(entry.trace) ?? -1;
    const commit = matchEntry(entry, { history, table, exchangeId, hasSameCaller }, findings);
    const { operation } = commit;
    const first = operation && byOperation[operation.id];
    if (operation !== undefined && first !== undefined) {
      if (isSameWrite(first.entry, entry)) {
        findings.add(duplicateEntry(entry, [operation.id]));
        duplicateRevisions.add(entry.revision);
        continue;
      }
      const detail = `Operation ${operation.id} took effect at revision ${first.entry.revision} and again at ${entry.revision}.`;
      findings.add({ kind: "applied_twice", operations: [operation.id], ...subjectOf(entry), detail });
    } else if (operation !== undefined) {
      byOperation[operation.id] = commit;
    }
    all.push(commit);
  }
  const presumed = presumeCommits(history.operations, { all, byOperation, table }, findings);
  for (const commit of presumed) if (commit.operation !== undefined) byOperation[commit.operation.id] = commit;
  const complete =
    presumed.length === 0 ? all : [...all, ...presumed].sort((one, other) => one.entry.revision - other.entry.revision);
  findGaps(complete, duplicateRevisions, findings);
  for (const { request, exchanges } of history.operations) {
    if (isWrite(request) && exchanges.every(({ status }) => isRefusal(status))) findings.checked("refused_write");
  }
  return { all: complete, byOperation };
}

/** The entries by ascending revision, without duplicates. */
function sortEntries(auditLog: readonly AuditEntry[], findings: Findings): readonly AuditEntry[] {
  const index = auditLog.findIndex((entry, at) => entry.revision < (auditLog[at - 1]?.revision ?? 0));
  const unsorted = auditLog[index];
  if (unsorted !== undefined) {
    const detail = `The audit log has revision ${unsorted.revision} after revision ${auditLog[index - 1]?.revision}.`;
    findings.add({ kind: "revision_order", operations: [], ...subjectOf(unsorted), detail });
  }
  const sorted = unsorted === undefined ? auditLog : auditLog.toSorted((one, other) => one.revision - other.revision);
  const distinct: AuditEntry[] = [];
  for (const entry of sorted) {
    const last = distinct.at(-1);
    if (last?.revision !== entry.revision) {
      distinct.push(entry);
    } else if (last.writeId === entry.writeId) {
      findings.add(duplicateEntry(entry, []));
    } else {
      const detail = `Revision ${entry.revision} was assigned to two writes, ${last.writeId} and ${entry.writeId}.`;
      findings.add({ kind: "revision_order", operations: [], ...subjectOf(entry), detail });
    }
  }
  return distinct;
}

function duplicateEntry(entry: AuditEntry, operations: readonly number[]): Finding {
  const detail = `The write ${entry.writeId} of revision ${entry.revision} is in the audit log already.`;
  return { kind: "audit_duplicate", operations, ...subjectOf(entry), detail };
}

/** True for a second entry of one write, false for a second write of one operation. */
function isSameWrite(first: AuditEntry, second: AuditEntry): boolean {
  return first.writeId === second.writeId && (first.version === second.version || first.revision === second.revision);
}

function exchangeIdsByTrace(
  operations: readonly Operation[],
  { firstOf }: ExchangeTable,
  entries: readonly AuditEntry[],
): ReadonlyMap<string, number> {
  // Only the traces of the entries: a map of all exchanges would be several times larger.
  const exchangeIds = new Map(entries.map(({ trace }) => [trace, -1]));
  for (const { id, exchanges } of operations) {
    const first = firstOf[id] ?? 0;
    for (const [index, { trace }] of exchanges.entries())
      if (exchangeIds.has(trace)) exchangeIds.set(trace, first + index);
  }
  return exchangeIds;
}

type CallerMatcher = (entry: AuditEntry, operation: Operation) => boolean;

/** The first entry of each caller decides the caller's SPIFFE ID, which no other caller may have. */
function callerMatcher(): CallerMatcher {
  const idOf = new Map<string, string>();
  const callerOf = new Map<string, string>();
  return (entry, { caller }) => {
    if (!idOf.has(caller) && !callerOf.has(entry.caller)) {
      idOf.set(caller, entry.caller);
      callerOf.set(entry.caller, caller);
    }
    return idOf.get(caller) === entry.caller;
  };
}

function matchEntry(
  entry: AuditEntry,
  context: {
    readonly history: History;
    readonly table: ExchangeTable;
    readonly exchangeId: number;
    readonly hasSameCaller: CallerMatcher;
  },
  findings: Findings,
): Commit {
  const { history, table, exchangeId, hasSameCaller } = context;
  const { revision, action, resource, caller } = entry;
  const unmatched = { entry, operation: undefined, exchangeId: -1, presumed: false };
  if (exchangeId < 0) {
    // A secret may be removed without a request, so no exchange has the trace ID.
    const isRemoval = action === "remove" && secretPath(entry) !== undefined;
    if (!isRemoval) {
      const detail = `No request has the trace ID of revision ${revision}, ${action} of ${resource}.`;
      findings.add({ kind: "audit_unmatched", operations: [], ...subjectOf(entry), detail });
    }
    return unmatched;
  }
  const { operation, exchange } = exchangeById(table, history.operations, exchangeId);
  const { id, request, reusesKeyOf } = operation;
  const target = targetOf(operation);
  findings.checked("audit_entry");
  if (target === undefined || !hasTarget(entry, target) || !hasSameCaller(entry, operation)) {
    const detail = `Revision ${revision} is ${action} of ${resource} by ${caller}, but its trace ID is that of operation ${id}, a ${request.kind}.`;
    findings.add({ kind: "audit_unmatched", operations: [id], ...subjectOf(entry), detail });
    return unmatched;
  }
  if (reusesKeyOf !== undefined) {
    const detail = `Operation ${id} took effect at revision ${revision}, although operation ${reusesKeyOf} had used its key.`;
    findings.add({ kind: "key_reused", operations: [reusesKeyOf, id], ...subjectOf(entry), detail });
  } else if (isRefusal(exchange.status)) {
    const detail = `Operation ${id} was refused with ${exchange.status}, but took effect at revision ${revision}.`;
    findings.add({ kind: "refused_write_applied", operations: [id], ...subjectOf(entry), detail });
  }
  return { entry, operation, exchangeId, presumed: false };
}

function findGaps(commits: readonly Commit[], duplicateRevisions: ReadonlySet<number>, findings: Findings): void {
  let last = 0;
  for (const { entry } of commits) {
    const { revision } = entry;
    while (duplicateRevisions.has(last + 1)) last += 1;
    if (revision > last + 1) {
      const detail = `The audit log has nothing between revisions ${last} and ${revision}.`;
      findings.add({ kind: "revision_gap", operations: [], revision: last + 1, detail });
    }
    last = revision;
  }
}
