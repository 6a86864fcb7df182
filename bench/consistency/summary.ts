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
  readonly noticedGone: number;
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

/** Ten tries of a load, a commit, and some that lose races with others. */
const MOST_REQUESTS_A_CLIENT = 14;
const MOST_PEAK_A_CLIENT = 1;
/** Of all operations under faults; without faults none. */
const MOST_UNKNOWN = 0.3;
/** The deadline of 8 s, twice where the proxy sends a request twice, and what a busy machine may add. */
const SLOWEST_ANSWER_MS = 20_000;

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
    noticedGone: run.noticedGone,
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
      ...(run.unanswered > 0 ? [`${run.unanswered} requests were not answered at all`] : []),
      ...(options.faults.has("client-gone") && run.noticedGone === 0
        ? ["No worker noticed that a client had gone"]
        : []),
      ...outageProblems(outage),
      ...readBackProblems(operations, options),
      ...unknownProblems(operations, options),
    ],
  };
}

function outageProblems({ clients, whileAway, afterReturn, peak, answers }: Run["outage"]): readonly string[] {
  const total = whileAway + afterReturn;
  const silent = answers["0"] ?? 0;
  return [
    ...(total > clients * MOST_REQUESTS_A_CLIENT ? [`${clients} waiting clients cost ${total} database requests`] : []),
    ...(peak > clients * MOST_PEAK_A_CLIENT ? [`The database that came back had ${peak} requests within 100 ms`] : []),
    ...(silent > 0 ? [`${silent} of ${clients} waiting clients got no answer`] : []),
  ];
}

/** Nothing is disturbed any more then, so everything is answered. */
function readBackProblems(operations: readonly Operation[], { clients }: RunOptions): readonly string[] {
  const quiet = operations.filter(({ client }) => client >= clients && client < 2 * clients);
  const open = quiet.filter((operation) => outcomeOf(operation) === "unknown").length;
  return open === 0 ? [] : [`${open} of ${quiet.length} requests were left open although nothing was disturbed`];
}

function unknownProblems(operations: readonly Operation[], { clients, faults }: RunOptions): readonly string[] {
  const loaded = operations.filter(({ client }) => client < clients);
  const unknown = loaded.filter((operation) => outcomeOf(operation) === "unknown").length;
  const most = faults.size === 0 ? 0 : loaded.length * MOST_UNKNOWN;
  return unknown > most ? [`${unknown} of ${loaded.length} operations were left open`] : [];
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
    `gone         ${summary.noticedGone} requests given up by the workers because their clients had gone`,
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
