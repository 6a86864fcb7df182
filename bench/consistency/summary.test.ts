import { expect, it } from "vitest";
import type { Operation } from "./history/history.ts";
import { FAULT_NAMES } from "./faults/fault-name.ts";
import { isClean, printSummary, summarizeRun } from "./summary.ts";

const operation = (id: number, ...statuses: readonly number[]): Operation => ({
  id,
  client: 0,
  caller: "superuser",
  request: { kind: "get", path: "a", number: 0 },
  attempts: statuses.map((status, at) => ({
    call: at * 10,
    end: at * 10 + 5,
    worker: 0,
    trace: `${id} ${at}`,
    status,
  })),
});

/** Enough that one of them may be left open. */
const MIXED = [
  operation(0, 200),
  operation(1, 0, 200),
  operation(2, 503, 404),
  ...Array.from({ length: 9 }, (_, index) => operation(3 + index, 404)),
];
const options = { operations: 4, seconds: 1, clients: 1, workers: 1, seed: 1, faults: new Set(FAULT_NAMES), out: "" };
const run = {
  history: { kept: 10, operations: MIXED, log: [] },
  loaded: 4,
  loadSeconds: 2,
  faults: [["SQLITE_BUSY", 3]] as const,
  missingFaults: [],
  noticedGone: 1,
  unanswered: 0,
  auditProblems: [],
  outage: { clients: 500, awayMs: 1, whileAway: 2000, afterReturn: 100, peak: 9, settledMs: 5, answers: { 200: 500 } },
  complaints: [],
};
const checked = { report: { anomalies: [], counts: {} }, seconds: 1 };

it("counts what came of operations: ok once is ok, open once is unknown", () => {
  const summary = summarizeRun(options, run, checked);
  expect(summary.outcomes).toEqual({ get: { ok: 2, unknown: 1, "refused 404": 9 } });
  expect(summary).toMatchObject({ attempts: 14, operationsPerSecond: 2, slowestAnswerMs: 5, problems: [] });
  expect(isClean(summary)).toBe(true);
  expect(printSummary(summary).at(-1)).toBe("anomalies    0");
});

it.each([
  ["an anomaly", run, { ...checked, report: { anomalies: [], counts: { vanished: 2 } } }, /vanished: 2\. A version/],
  ["a fault that never happened", { ...run, missingFaults: ["SQLITE_BUSY" as const] }, checked, /"SQLITE_BUSY" never/],
  ["what the audit check says", { ...run, auditProblems: ["gap"] }, checked, /audit says: gap/],
  ["what a worker logged", { ...run, complaints: ["seal"] }, checked, /logged: seal/],
  [
    "a herd",
    { ...run, outage: { ...run.outage, afterReturn: 20_000 } },
    checked,
    /500 waiting clients cost 22000 database requests/,
  ],
  ["a peak", { ...run, outage: { ...run.outage, peak: 501 } }, checked, /501 requests within 100 ms/],
  ["a client without an answer", { ...run, outage: { ...run.outage, answers: { 0: 1 } } }, checked, /1 of 500 waiting/],
  ["a request that hung", { ...run, unanswered: 1 }, checked, /1 requests were not answered at all/],
  ["workers that notice nobody's going", { ...run, noticedGone: 0 }, checked, /No worker noticed/],
  [
    "too much that is left open",
    { ...run, history: { ...run.history, operations: [operation(0, 503), operation(1, 200)] } },
    checked,
    /1 of 2 operations were left open/,
  ],
  [
    "something left open at the end",
    { ...run, history: { ...run.history, operations: [{ ...operation(0, 503), client: 1 }] } },
    checked,
    /1 of 1 requests were left open although nothing/,
  ],
  [
    "an answer past the deadline",
    {
      ...run,
      history: {
        ...run.history,
        operations: [{ ...operation(0, 200), attempts: [{ ...operation(0, 200).attempts[0]!, end: 20_500 }] }],
      },
    },
    checked,
    /took 20500 ms/,
  ],
])("is not clean with %s", (_, shown, verdict, line) => {
  const summary = summarizeRun(options, shown, verdict);
  expect(isClean(summary)).toBe(false);
  expect(printSummary(summary).join("\n")).toMatch(line);
});
