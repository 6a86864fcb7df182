import { cpus } from "node:os";
import { ANOMALIES, type AnomalyKind, type Report } from "./checker/anomaly.ts";
import type { Operation } from "./history/history.ts";
import type { RunOptions } from "./options.ts";
import type { Run } from "./run.ts";

/** What is told of a run. */
export interface Summary {
  readonly options: Readonly<Record<string, unknown>>;
  readonly machine: string;
  readonly operations: number;
  readonly attempts: number;
  readonly seconds: number;
  readonly operationsPerSecond: number;
  /** Operations that were only there to read everything back, or to prepare. */
  readonly others: number;
  readonly commits: number;
  readonly checkSeconds: number;
  /** By kind of request, then by outcome. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly cancelledDatabaseCalls: number;
  /** From a request to its answer, whatever that was. */
  readonly slowestAnswerMs: number;
  readonly outage: Run["outage"];
  readonly anomalies: Report["counts"];
  /** How many operations had ended when the first anomaly showed. */
  readonly firstAfter: number | undefined;
  /** What was to happen and never did: then the run does not count. */
  readonly missingFaults: readonly string[];
  /** Whatever else is wrong. */
  readonly problems: readonly string[];
}

const MOST_REQUESTS = 40;
/** The service's deadline of 8 s, and what a busy machine and the way to it may add. */
const SLOWEST_ANSWER_MS = 14_000;

export function summarizeRun(
  options: RunOptions,
  run: Run,
  checked: { readonly report: Report; readonly seconds: number },
): Summary {
  const { history, outage } = run;
  const { operations } = history;
  const { report } = checked;
  const slowestAnswerMs = slowestOf(operations);
  return {
    options: { ...options, faults: [...options.faults] },
    machine: `${cpus().length} x ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}`,
    operations: run.loaded,
    attempts: operations.reduce((sum, { attempts }) => sum + attempts.length, 0),
    seconds: Math.round(run.loadSeconds),
    operationsPerSecond: Math.round(run.loaded / run.loadSeconds),
    others: operations.length - run.loaded,
    commits: history.log.length,
    checkSeconds: Math.round(checked.seconds * 10) / 10,
    outcomes: outcomesOf(operations),
    faults: Object.fromEntries(run.faults),
    cancelledDatabaseCalls: run.cancelled,
    slowestAnswerMs,
    outage,
    anomalies: report.counts,
    firstAfter: report.anomalies[0]?.after,
    missingFaults: run.missingFaults,
    problems: [
      ...run.auditProblems.map((problem) => `The check of the audit says: ${problem}`),
      ...run.complaints.slice(0, 20).map((line) => `A worker logged: ${line}`),
      ...(slowestAnswerMs > SLOWEST_ANSWER_MS
        ? [`An answer took ${slowestAnswerMs} ms, in spite of the deadline`]
        : []),
      ...(outage.whileAway + outage.afterReturn > outage.clients * MOST_REQUESTS
        ? [`${outage.clients} waiting clients asked the database more than ${MOST_REQUESTS} times each`]
        : []),
    ],
  };
}

/** Whether nothing is wrong. */
export function isClean({ anomalies, missingFaults, problems }: Summary): boolean {
  return Object.keys(anomalies).length + missingFaults.length + problems.length === 0;
}

/** The summary for people, by the line. */
export function printSummary(summary: Summary): readonly string[] {
  const { outage, anomalies } = summary;
  const found = Object.entries(anomalies) as [AnomalyKind, number][];
  return [
    `operations   ${summary.operations} in ${summary.seconds} s, ${summary.operationsPerSecond} a second; ` +
      `${summary.others} more to prepare and to read everything back`,
    `requests     ${summary.attempts}, commits ${summary.commits}`,
    ...table("outcomes", summary.outcomes),
    ...Object.entries(summary.faults).map(([name, count]) => `fault        ${name}: ${count}`),
    `cancelled    ${summary.cancelledDatabaseCalls} database calls whose caller was gone`,
    `outage       ${outage.clients} clients waited ${outage.awayMs} ms for the database: ${outage.whileAway} requests ` +
      `meanwhile, ${outage.afterReturn} after its return (${outage.peak} at most in 100 ms), all answered ` +
      `${outage.settledMs} ms after it: ${counts(outage.answers)}`,
    `slowest      an answer took ${summary.slowestAnswerMs} ms`,
    `checked      in ${summary.checkSeconds} s`,
    ...found.map(([kind, count]) => `ANOMALY      ${kind}: ${count}. ${ANOMALIES[kind]}`),
    ...summary.missingFaults.map((fault) => `PROBLEM      "${fault}" never happened: the run does not count`),
    ...summary.problems.map((problem) => `PROBLEM      ${problem}`),
    `anomalies    ${found.reduce((sum, [, count]) => sum + count, 0)}`,
  ];
}

const MEANINGS: Readonly<Record<string, string>> = {
  200: "ok",
  401: "refused 401",
  404: "refused 404",
  409: "refused 409",
  422: "refused 422",
};

/** An operation is ok if any of its attempts was, unknown if any of the others may have happened, else refused. */
function outcomeOf({ attempts }: Operation): string {
  if (attempts.some(({ status }) => status === 200)) return "ok";
  const open = attempts.find(({ status }) => MEANINGS[status] === undefined);
  return open === undefined ? (MEANINGS[attempts.at(-1)?.status ?? 0] ?? "unknown") : "unknown";
}

function slowestOf(operations: readonly Operation[]): number {
  let slowest = 0;
  for (const { attempts } of operations) {
    for (const { status, call, end } of attempts) if (status > 0) slowest = Math.max(slowest, end - call);
  }
  return Math.round(slowest);
}

function outcomesOf(operations: readonly Operation[]): Summary["outcomes"] {
  const outcomes: Record<string, Record<string, number>> = {};
  for (const operation of operations) {
    const kind = (outcomes[operation.request.kind] ??= {});
    const outcome = outcomeOf(operation);
    kind[outcome] = (kind[outcome] ?? 0) + 1;
  }
  return outcomes;
}

function table(title: string, rows: Summary["outcomes"]): readonly string[] {
  return Object.entries(rows).map(([kind, outcomes]) => `${title.padEnd(13)}${kind}: ${counts(outcomes)}`);
}

function counts(outcomes: Readonly<Record<string, number>>): string {
  return Object.entries(outcomes)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(", ");
}
