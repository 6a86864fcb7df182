import { expect, it } from "vitest";
import type { Operation } from "./history/history.ts";
import { FAULT_NAMES } from "./faults/fault-counts.ts";
import { isClean, printSummary, summarize } from "./summary.ts";

const operation = (id: number, ...statuses: readonly number[]): Operation => ({
  id,
  client: 0,
  caller: "superuser",
  request: { kind: "get", path: "a", number: 0 },
  exchanges: statuses.map((status, index) => ({
    invokedAt: index * 10,
    completedAt: index * 10 + 5,
    worker: 0,
    trace: `${id} ${index}`,
    status,
  })),
});

/** Enough operations that one of them may have an unknown outcome. */
const MIXED = [
  operation(0, 200),
  operation(1, 0, 200),
  operation(2, 503, 404),
  ...Array.from({ length: 9 }, (_, index) => operation(3 + index, 404)),
];
const options = { operations: 4, seconds: 1, clients: 1, workers: 1, seed: 1, faults: new Set(FAULT_NAMES), out: "" };
const outage = {
  clients: 500,
  durationMs: 1,
  requestsDuring: 2000,
  requestsAfter: 100,
  peakAfter: 9,
  recoveryMs: 5,
  statuses: { 200: 500 },
};
const run = {
  history: { maxVersions: 10, operations: MIXED, auditLog: [] },
  loadOperations: 4,
  loadSeconds: 2,
  faults: [["SQLITE_BUSY", 3]] as const,
  missingFaults: [],
  abortedRequests: 1,
  timeouts: 0,
  auditProblems: [],
  outage,
  unexpectedErrors: [],
};
const checked = { report: { anomalies: [], counts: {} }, seconds: 1 };

const withOperations = (operations: readonly Operation[]) => ({ ...run, history: { ...run.history, operations } });

it("counts an operation as ok if any exchange succeeded, and as unknown if any may have taken effect", () => {
  const summary = summarize(options, run, checked);
  expect(summary.outcomes).toEqual({ get: { ok: 2, unknown: 1, "refused 404": 9 } });
  expect(summary).toMatchObject({ requests: 14, operationsPerSecond: 2, slowestResponseMs: 5, problems: [] });
  expect(isClean(summary)).toBe(true);
  expect(printSummary(summary).at(-1)).toBe("anomalies    0");
});

it.each([
  ["an anomaly", run, { ...checked, report: { anomalies: [], counts: { lost_write: 2 } } }, /lost_write: 2\. An ack/],
  [
    "a fault that never happened",
    { ...run, missingFaults: ["SQLITE_BUSY" as const] },
    checked,
    /"SQLITE_BUSY" never happened/,
  ],
  ["a problem of the audit", { ...run, auditProblems: ["gap"] }, checked, /audit verification reports: gap/],
  ["an unexpected error", { ...run, unexpectedErrors: ["seal"] }, checked, /Unexpected error of a worker: seal/],
  [
    "too many requests in an outage",
    { ...run, outage: { ...outage, requestsAfter: 20_000 } },
    checked,
    /500 waiting clients caused 22000 database requests/,
  ],
  ["a peak after an outage", { ...run, outage: { ...outage, peakAfter: 501 } }, checked, /501 requests within 100 ms/],
  [
    "a waiting client without a response",
    { ...run, outage: { ...outage, statuses: { 0: 1 } } },
    checked,
    /1 of 500 waiting clients got no response/,
  ],
  [
    "a run that ended early",
    { ...run, loadOperations: 3, loadSeconds: 0.5 },
    checked,
    /The run ended after 3 of 4 operations/,
  ],
  ["a request that timed out", { ...run, timeouts: 1 }, checked, /1 requests got no response at all/],
  ["workers that notice no disconnect", { ...run, abortedRequests: 0 }, checked, /No worker noticed/],
  [
    "too many unknown outcomes",
    withOperations([operation(0, 503), operation(1, 200)]),
    checked,
    /1 of 2 operations have an unknown outcome/,
  ],
  [
    "an unknown outcome without faults",
    withOperations([{ ...operation(0, 503), client: 1 }]),
    checked,
    /1 of 1 operations without faults have an unknown outcome/,
  ],
  [
    "a response past the deadline",
    withOperations([
      { ...operation(0, 200), exchanges: [{ ...operation(0, 200).exchanges[0]!, completedAt: 20_500 }] },
    ]),
    checked,
    /A response took 20500 ms/,
  ],
])("is not clean with %s", (_, recorded, verdict, line) => {
  const summary = summarize(options, recorded, verdict);
  expect(isClean(summary)).toBe(false);
  expect(printSummary(summary).join("\n")).toMatch(line);
});
