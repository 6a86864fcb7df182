import type { History, Operation } from "../history/history.ts";
import type { Report } from "./anomaly.ts";
import { checkAcknowledgements } from "./check-acknowledgements.ts";
import { checkBookmarks } from "./check-bookmarks.ts";
import { checkLateCommits } from "./check-late-commits.ts";
import { checkPruning } from "./check-pruning.ts";
import { checkTimes } from "./check-times.ts";
import { checkTrials } from "./check-trials.ts";
import { buildExchangeTable, type ExchangeTable, sortedIndexes } from "./exchange-table.ts";
import { Findings } from "./findings.ts";
import { linearizeHistory } from "./linearize-history.ts";
import { ListTimeline } from "./list-timeline.ts";
import { matchAuditLog } from "./match-audit-log.ts";
import { replay } from "./replay.ts";

/**
 * Checks that a history is strictly serializable over the whole store: every response is what the store, in the order
 * of the audit log, returns at some moment between the request and the response. A read from a replica may be older, within the
 * bound of its worker, but not below its bookmark. Reports every anomaly.
 */
export function check(history: History): Report {
  const { operations } = history;
  const findings = new Findings();
  const table = buildExchangeTable(operations);
  const commits = matchAuditLog(history, table, findings);
  const store = replay(history, commits, findings);
  checkAcknowledgements(history, { commits, store }, findings);
  checkTimes(history, commits, table, findings);
  checkLateCommits(history, table, findings);
  checkPruning(history, findings);
  checkTrials(history, findings);
  checkBookmarks(history, findings);
  const context = {
    history,
    table,
    commits,
    store,
    lists: new ListTimeline(store.secrets),
    writers: writersByValue(operations),
    linearizationPoints: new Float64Array(table.size).fill(-1),
    exchangesOf: groupByClient(operations, table),
  };
  linearizeHistory(context, findings);
  return findings.report(operations);
}

function writersByValue(operations: readonly Operation[]): ReadonlyMap<string, number> {
  const writers = new Map<string, number>();
  for (const { id, request } of operations) {
    if (request.kind === "put") writers.set(request.value, id);
  }
  return writers;
}

function groupByClient(
  operations: readonly Operation[],
  { operationId, invokedAt }: ExchangeTable,
): (client: number) => readonly number[] {
  let grouped: Map<number, number[]> | undefined;
  return (client) => {
    grouped ??= Map.groupBy(sortedIndexes(invokedAt), (id) => operations[operationId[id] ?? -1]?.client ?? -1);
    return grouped.get(client) ?? [];
  };
}
