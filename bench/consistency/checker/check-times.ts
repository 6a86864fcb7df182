import type { AuditEntry, History } from "../history/history.ts";
import { type Commits, subjectOf } from "./commit.ts";
import { exchangeById, type ExchangeTable } from "./exchange-table.ts";
import type { Findings } from "./findings.ts";

/** Tolerance for rounding, and for different clocks of one machine. */
const TOLERANCE_MS = 2000;

/**
 * Checks that the times of each resource never decrease, and that an acknowledged change happened during its exchange
 * by the clock of the database's machine. The worker's clock must not matter.
 */
export function checkTimes(history: History, commits: Commits, table: ExchangeTable, findings: Findings): void {
  const { timeOrigin, operations } = history;
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
