import { cpus } from "node:os";
import { CASE_KINDS, type CaseKind, CASES, impossibleCases, missingCases } from "./checker/cases.ts";
import { ANOMALIES, type AnomalyKind, type Report } from "./checker/anomaly.ts";
import { isAcknowledged, type Operation } from "./history/history.ts";
import { MAX_OPERATIONS, type RunOptions } from "./options.ts";
import type { Run } from "./run.ts";

/** The results of a run, as `summary.json` has them. */
export interface Summary {
  readonly options: Readonly<Record<string, unknown>>;
  readonly machine: string;
  /** Operations under faults. */
  readonly operations: number;
  readonly requests: number;
  readonly seconds: number;
  readonly operationsPerSecond: number;
  /** Operations that prepared the run or read everything back. */
  readonly otherOperations: number;
  readonly commits: number;
  readonly checkSeconds: number;
  /** Number of operations by kind of request, then by outcome. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly abortedRequests: number;
  readonly slowestResponseMs: number;
  readonly outage: Run["outage"];
  readonly anomalies: Report["counts"];
  /** The number of cases of each kind that were checked. */
  readonly cases: Report["cases"];
  /** Kinds of case that cannot occur with these options, and why. */
  readonly impossible: Readonly<Partial<Record<CaseKind, string>>>;
  /** How many operations had completed when the first anomaly became visible. */
  readonly firstAfter: number | undefined;
  /** Chosen faults that never happened. If there are any, the run proves nothing about them and fails. */
  readonly missingFaults: readonly string[];
  /** Everything else that makes the run fail. */
  readonly problems: readonly string[];
}

/** With fewer requests, nothing waited for the database. */
const MIN_OUTAGE_REQUESTS_PER_CLIENT = 0.1;
/** A waiting client may load ten times and commit, and may lose a few races. */
const MAX_OUTAGE_REQUESTS_PER_CLIENT = 14;
const MAX_OUTAGE_PEAK_PER_CLIENT = 1;
/** Share of the operations under faults. Without faults, no outcome may be unknown. */
const MAX_UNKNOWN_RATE = 0.3;
/** Twice the deadline of 8 s, because a proxy may send a request twice, and a margin for a busy machine. */
const MAX_RESPONSE_MS = 20_000;
const MAX_PRINTED_ERRORS = 20;

export function summarize(
  options: RunOptions,
  run: Run,
  { report, seconds }: { readonly report: Report; readonly seconds: number },
): Summary {
  const { operations, auditLog } = run.history;
  return {
    options: printableOptions(options),
    machine: `${cpus().length} x ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}`,
    operations: run.loadOperations,
    requests: operations.reduce((sum, { exchanges }) => sum + exchanges.length, 0),
    seconds: Math.round(run.loadSeconds),
    operationsPerSecond: Math.round(run.loadOperations / run.loadSeconds),
    otherOperations: operations.length - run.loadOperations,
    commits: auditLog.length,
    checkSeconds: Math.round(seconds * 10) / 10,
    outcomes: countOutcomes(operations),
    faults: Object.fromEntries(run.faults),
    abortedRequests: run.abortedRequests,
    slowestResponseMs: slowestResponse(operations),
    outage: run.outage,
    anomalies: report.counts,
    cases: report.cases,
    impossible: Object.fromEntries(impossibleCases({ ...run.history, ...options })),
    firstAfter: report.anomalies[0]?.after,
    missingFaults: run.missingFaults,
    problems: [
      ...earlyEndProblems(options, run),
      ...run.missingOutcomes.map((outcome) => `The operations under faults did not include ${outcome}`),
      ...missingCases(report.cases, { ...run.history, ...options }),
      ...auditProblems(run),
      ...readBackProblems(run),
      ...(run.loggedLines === 0 ? ["The workers logged nothing, so their errors are unknown"] : []),
      ...run.unexpectedErrors.slice(0, MAX_PRINTED_ERRORS).map((line) => `Unexpected error of a worker: ${line}`),
      ...responseProblems(options, run),
      ...outageProblems(run.outage),
      ...unknownOutcomeProblems(options, operations),
    ],
  };
}

/** Without the URLs and tokens of databases. */
function printableOptions({ database, externalReplicas, faults, ...options }: RunOptions): Summary["options"] {
  return {
    ...options,
    faults: [...faults],
    ...(database && { database: hostOf(database) }),
    ...(externalReplicas && { externalReplicas: externalReplicas.map(hostOf) }),
  };
}

function hostOf({ url }: { readonly url: string }): string {
  return new URL(url).host;
}

/** A run that only `--seconds` limits must last that long. Any other run must complete its operations. */
function earlyEndProblems(
  { operations, seconds }: RunOptions,
  { loadOperations, loadSeconds }: Run,
): readonly string[] {
  if (operations === MAX_OPERATIONS && loadSeconds >= seconds) return [];
  if (loadOperations >= operations) return [];
  return [`The run ended after ${loadOperations} of ${operations} operations and ${Math.round(loadSeconds)} s`];
}

function auditProblems({ storedEntries, pruned, verification: { entries, problems } }: Run): readonly string[] {
  return [
    ...problems.map((problem) => `The audit verification reports: ${problem}`),
    ...(entries === storedEntries ? [] : [`The audit verification verified ${entries} of ${storedEntries} entries`]),
    ...(pruned !== undefined && pruned.floor < pruned.expected
      ? [`The last prune went up to revision ${pruned.floor}, but all entries up to ${pruned.expected} are old`]
      : []),
  ];
}

function readBackProblems({ readBack: { read, paths } }: Run): readonly string[] {
  return read === paths && paths > 0 ? [] : [`${read} of ${paths} paths were read back`];
}

function responseProblems({ faults }: RunOptions, { history, timeouts, abortedRequests }: Run): readonly string[] {
  const slowestMs = slowestResponse(history.operations);
  return [
    ...(slowestMs > MAX_RESPONSE_MS ? [`A response took ${slowestMs} ms, which is longer than the deadline`] : []),
    ...(timeouts > 0 ? [`${timeouts} requests got no response at all`] : []),
    ...(faults.has("disconnect") && abortedRequests === 0 ? ["No worker noticed that a client disconnected"] : []),
  ];
}

function outageProblems({
  clients,
  requestsDuring,
  requestsAfter,
  peakAfter,
  statuses,
}: Run["outage"]): readonly string[] {
  const requests = requestsDuring + requestsAfter;
  const unanswered = statuses["0"] ?? 0;
  const served = statuses["200"] ?? 0;
  return [
    ...(requestsDuring < clients * MIN_OUTAGE_REQUESTS_PER_CLIENT
      ? [`${clients} waiting clients caused only ${requestsDuring} database requests during the outage`]
      : []),
    ...(served === 0 ? [`None of ${clients} waiting clients was served after the outage`] : []),
    ...(requests > clients * MAX_OUTAGE_REQUESTS_PER_CLIENT
      ? [`${clients} waiting clients caused ${requests} database requests`]
      : []),
    ...(peakAfter > clients * MAX_OUTAGE_PEAK_PER_CLIENT
      ? [`The database got ${peakAfter} requests within 100 ms after its return`]
      : []),
    ...(unanswered > 0 ? [`${unanswered} of ${clients} waiting clients got no response`] : []),
  ];
}

/** Clients are numbered: first those under faults, then those that read back, when there are no faults any more. */
function unknownOutcomeProblems({ clients, faults }: RunOptions, operations: readonly Operation[]): readonly string[] {
  const load = operations.filter(({ client }) => client < clients);
  const reads = operations.filter(({ client }) => client >= clients && client < 2 * clients);
  const unknownLoad = load.filter((operation) => outcomeOf(operation) === "unknown").length;
  const unknownReads = reads.filter((operation) => outcomeOf(operation) === "unknown").length;
  const maxUnknown = faults.size === 0 ? 0 : load.length * MAX_UNKNOWN_RATE;
  return [
    ...(unknownReads > 0
      ? [`${unknownReads} of ${reads.length} operations without faults have an unknown outcome`]
      : []),
    ...(unknownLoad > maxUnknown ? [`${unknownLoad} of ${load.length} operations have an unknown outcome`] : []),
  ];
}

/** True if the run has no anomalies and no problems. */
export function isClean({ anomalies, missingFaults, problems }: Summary): boolean {
  return Object.keys(anomalies).length + missingFaults.length + problems.length === 0;
}

/** The summary as text lines. */
export function printSummary(summary: Summary): readonly string[] {
  const { outage, anomalies } = summary;
  const found = Object.entries(anomalies) as [AnomalyKind, number][];
  return [
    `operations   ${summary.operations} under faults in ${summary.seconds} s, ${summary.operationsPerSecond} per second; ` +
      `${summary.otherOperations} before and after`,
    `requests     ${summary.requests}`,
    `commits      ${summary.commits}`,
    ...Object.entries(summary.outcomes).map(([kind, outcomes]) => `outcomes     ${kind}: ${printCounts(outcomes)}`),
    ...Object.entries(summary.faults).map(([name, count]) => `fault        ${name}: ${count}`),
    `aborted      ${summary.abortedRequests} requests by the workers, because their clients disconnected`,
    `outage       the database was unavailable for ${outage.durationMs} ms, with ${outage.clients} clients waiting: ` +
      `${outage.requestsDuring} database requests during the outage, ${outage.requestsAfter} after it, ` +
      `at most ${outage.peakAfter} within 100 ms`,
    `recovery     the last response came after ${outage.recoveryMs} ms; statuses: ${printCounts(outage.statuses)}`,
    `slowest      ${summary.slowestResponseMs} ms for a response`,
    `checked      in ${summary.checkSeconds} s`,
    ...CASE_KINDS.map((kind) => {
      const reason = summary.impossible[kind];
      return `case         ${summary.cases[kind]} ${CASES[kind]}${reason === undefined ? "" : ` (not possible: ${reason})`}`;
    }),
    ...found.map(([kind, count]) => `ANOMALY      ${kind}: ${count}. ${ANOMALIES[kind]}`),
    ...summary.missingFaults.map((fault) => `PROBLEM      The fault "${fault}" never happened`),
    ...summary.problems.map((problem) => `PROBLEM      ${problem}`),
    `anomalies    ${found.reduce((sum, [, count]) => sum + count, 0)}`,
  ];
}

function printCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");
}

const REFUSALS: ReadonlySet<number> = new Set([401, 404, 409, 422]);

/** `ok` if any exchange succeeded, else `unknown` if any may have taken effect, else the last refusal. */
function outcomeOf(operation: Operation): string {
  if (isAcknowledged(operation)) return "ok";
  const { exchanges } = operation;
  const isRefused = exchanges.every(({ status }) => REFUSALS.has(status));
  return isRefused && exchanges.length > 0 ? `refused ${exchanges.at(-1)?.status}` : "unknown";
}

function countOutcomes(operations: readonly Operation[]): Summary["outcomes"] {
  const outcomes: Record<string, Record<string, number>> = {};
  for (const operation of operations) {
    const ofKind = (outcomes[operation.request.kind] ??= {});
    const outcome = outcomeOf(operation);
    ofKind[outcome] = (ofKind[outcome] ?? 0) + 1;
  }
  return outcomes;
}

/** In milliseconds. A request without a response does not count. */
function slowestResponse(operations: readonly Operation[]): number {
  let slowest = 0;
  for (const { exchanges } of operations) {
    for (const { status, invokedAt, completedAt } of exchanges) {
      if (status > 0) slowest = Math.max(slowest, completedAt - invokedAt);
    }
  }
  return Math.round(slowest);
}
