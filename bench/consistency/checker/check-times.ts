import type { AuditEntry, History } from "../history/history.ts";
import { type Commits, subjectOf } from "./commit.ts";
import { exchangeById, type ExchangeTable } from "./exchange-table.ts";
import type { Findings } from "./findings.ts";

/** With a database clock that jumps, a change may have a time this far from the worker's clock, which is 10 minutes wrong itself. */
const MAX_JUMP_MS = 25 * 60 * 1000;
/** Paths that were written before the load, while clocks were wrong by months. */
const OLD = "old/";
/** Tolerance for rounding, and for different clocks of one machine. */
const TOLERANCE_MS = 2000;

/**
 * Checks that the times of each resource never decrease, that an acknowledged change happened during its exchange by the clock of
 * the database's machine, and that metadata has no time outside the run. The worker's clock must not matter.
 *
 * If the database's clock jumps, so do the times in the audit log. Those in metadata must not.
 */
export function checkTimes(history: History, commits: Commits, table: ExchangeTable, findings: Findings): void {
  const { timeOrigin, operations } = history;
  checkMetadataTimes(history, findings);
  if (history.faults?.includes("database-clock") === true) return;
  const lastEntries = new Map<string, AuditEntry>();
  for (const { entry, operation, exchangeId, presumed } of commits.all) {
    if (presumed) continue;
    const { resource, revision, at } = entry;
    const subject = { operations: operation === undefined ? [] : [operation.id], ...subjectOf(entry) };
    const last = lastEntries.get(resource);
    lastEntries.set(resource, entry);
    if (last !== undefined) findings.checked("change_order");
    if (last !== undefined && last.at > at) {
      const detail = `Revision ${revision} of ${resource} is ${last.at - at} ms before revision ${last.revision}.`;
      findings.add({ kind: "wrong_time", ...subject, detail });
    }
    if (timeOrigin === undefined || exchangeId < 0) continue;
    const { status, invokedAt, completedAt } = exchangeById(table, operations, exchangeId).exchange;
    const elapsed = at - timeOrigin - invokedAt;
    const duration = completedAt - invokedAt;
    if (status !== 200) continue;
    findings.checked("change_time");
    if (elapsed > -TOLERANCE_MS && elapsed < duration + TOLERANCE_MS) continue;
    const detail = `The time of revision ${revision} is ${Math.round(elapsed)} ms after its invocation, which took ${Math.round(duration)} ms.`;
    findings.add({ kind: "wrong_time", ...subject, detail });
  }
}

function checkMetadataTimes({ timeOrigin, operations, faults = [] }: History, findings: Findings): void {
  if (timeOrigin === undefined) return;
  const toleranceMs = faults.includes("database-clock") ? MAX_JUMP_MS : TOLERANCE_MS;
  for (const { id, request, exchanges } of operations) {
    if (!("path" in request) || request.path.startsWith(OLD)) continue;
    for (const { result, completedAt } of exchanges) {
      if (result?.kind !== "metadata") continue;
      findings.checked("metadata_time");
      const times = result.versions.flatMap(({ createdAt, deletedAt }) => [createdAt, deletedAt ?? createdAt]);
      const wrong = times.find(
        (time) => time < timeOrigin - toleranceMs || time > timeOrigin + completedAt + toleranceMs,
      );
      if (wrong === undefined) continue;
      const detail = `The metadata of "${request.path}" has the time ${new Date(wrong).toISOString()}, which is outside the run.`;
      findings.add({ kind: "wrong_time", operations: [id], path: request.path, detail });
    }
  }
}
