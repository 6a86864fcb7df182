import type { ClockChange, History } from "../history/history.ts";
import type { ExchangeTable } from "./exchange-table.ts";
import { exchangeById } from "./exchange-table.ts";
import type { Findings } from "./findings.ts";

/** The deadline starts when the request arrives at the worker, which is later than its invocation on a busy machine. */
const TOLERANCE_MS = 1000;

/** Checks that no commit was applied that reached the database after the deadline of its request. */
export function checkLateCommits(history: History, table: ExchangeTable, findings: Findings): void {
  const { deadlineMs, lateCommits = [], clockChanges = [], operations } = history;
  if (deadlineMs === undefined || lateCommits.length === 0) return;
  const exchangeIds = exchangeIdsOf(history, table);
  for (const { trace, receivedAt, at, isWon } of lateCommits) {
    const exchangeId = exchangeIds.get(trace);
    if (exchangeId === undefined) continue;
    const { operation, exchange } = exchangeById(table, operations, exchangeId);
    const elapsedMs = at - exchange.invokedAt;
    // The database's clock decides. If it was set back after the snapshot, the commit was in time by that clock.
    const atSnapshot = clockChanges.filter((change) => change.at >= exchange.invokedAt && change.at <= receivedAt);
    const highest = Math.max(offsetAt(clockChanges, exchange.invokedAt), ...atSnapshot.map(({ offsetMs }) => offsetMs));
    if (elapsedMs < deadlineMs + TOLERANCE_MS || offsetAt(clockChanges, at) < highest) continue;
    findings.checked("late_commit");
    if (!isWon) continue;
    const detail = `A commit of operation ${operation.id} was applied ${Math.round(elapsedMs)} ms after the request, which had ${deadlineMs} ms.`;
    const path = "path" in operation.request ? { path: operation.request.path } : {};
    findings.add({ kind: "late_commit", operations: [operation.id], ...path, detail });
  }
}

function offsetAt(changes: readonly ClockChange[], time: number): number {
  return changes.findLast(({ at }) => at <= time)?.offsetMs ?? 0;
}

function exchangeIdsOf(
  { operations, lateCommits = [] }: History,
  { firstOf }: ExchangeTable,
): ReadonlyMap<string, number> {
  const wanted = new Set(lateCommits.map(({ trace }) => trace));
  const found = new Map<string, number>();
  for (const { id, exchanges } of operations) {
    for (const [index, { trace }] of exchanges.entries()) {
      if (wanted.has(trace)) found.set(trace, (firstOf[id] ?? 0) + index);
    }
  }
  return found;
}
