import type { AuditEntry, Operation } from "../history/history.ts";
import { type Commit, type Commits, subjectOf, targetOf } from "./commit.ts";
import type { ExchangeTable } from "./exchange-table.ts";
import type { Finding, Findings } from "./findings.ts";

/**
 * Reports acknowledged writes that have no audit entry. Returns a commit for each whose revision is unused, so that
 * one missing entry is one anomaly, and not one for each read of that version.
 */
export function presumeCommits(
  operations: readonly Operation[],
  { all, byOperation, table }: Commits & { readonly table: ExchangeTable },
  findings: Findings,
): readonly Commit[] {
  const presumed: Commit[] = [];
  let commitAt: Map<number, Commit> | undefined;
  for (const operation of operations) {
    const { id, caller, reusesKeyOf, exchanges } = operation;
    if (reusesKeyOf !== undefined || byOperation[id] !== undefined) continue;
    const exchange = exchanges.find(({ result }) => result?.kind === "written");
    const target = targetOf(operation);
    if (exchange?.result?.kind !== "written" || target === undefined) continue;
    const { version, revision } = exchange.result;
    const entry = { ...target, revision, version, writeId: "", trace: exchange.trace, caller, at: 0 };
    commitAt ??= new Map(all.map((commit) => [commit.entry.revision, commit]));
    const other = commitAt.get(revision);
    findings.add(missingEntry(entry, operation, other));
    if (other !== undefined || !Number.isSafeInteger(revision) || revision < 1) continue;
    const exchangeId = exchanges.length === 1 ? (table.firstOf[id] ?? -1) : -1;
    const commit = { entry, operation, exchangeId, presumed: true };
    presumed.push(commit);
    commitAt.set(revision, commit);
  }
  return presumed;
}

/** @param other the commit that has the revision of the response */
function missingEntry(entry: AuditEntry, { id }: Operation, other: Commit | undefined): Finding {
  const { revision, version, action, resource } = entry;
  const otherId = other?.operation?.id;
  const isSameVersion =
    action === "put" &&
    other?.entry.action === "put" &&
    other.entry.resource === resource &&
    other.entry.version === version;
  if (otherId !== undefined && isSameVersion) {
    const detail = `The responses to operations ${otherId} and ${id} both have version ${version} and revision ${revision}.`;
    return { kind: "duplicate_version", operations: [otherId, id], ...subjectOf(entry), detail };
  }
  const detail = `The response to operation ${id} has revision ${revision}, at which the audit log has ${other?.entry.writeId ?? "nothing"}.`;
  return { kind: "audit_missing", operations: [id], ...subjectOf(entry), detail };
}
