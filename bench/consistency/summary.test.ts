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

const options = { operations: 4, seconds: 1, clients: 1, workers: 1, seed: 1, faults: new Set(FAULT_NAMES), out: "" };
const run = {
  history: {
    kept: 10,
    operations: [operation(0, 200), operation(1, 0, 200), operation(2, 503, 404), operation(3, 404)],
    log: [],
  },
  loaded: 4,
  loadSeconds: 2,
  faults: [["SQLITE_BUSY", 3]] as const,
  missingFaults: [],
  cancelled: 0,
  auditProblems: [],
  outage: { clients: 500, awayMs: 1, whileAway: 2000, afterReturn: 100, peak: 9, settledMs: 5, answers: { 200: 500 } },
  complaints: [],
};
const checked = { report: { anomalies: [], counts: {} }, seconds: 1 };

it("counts what came of operations: ok once is ok, open once is unknown", () => {
  const summary = summarizeRun(options, run, checked);
  expect(summary.outcomes).toEqual({ get: { ok: 2, unknown: 1, "refused 404": 1 } });
  expect(summary).toMatchObject({ attempts: 6, operationsPerSecond: 2, slowestAnswerMs: 5, problems: [] });
  expect(isClean(summary)).toBe(true);
  expect(printSummary(summary).at(-1)).toBe("anomalies    0");
});

it.each([
  ["an anomaly", run, { ...checked, report: { anomalies: [], counts: { vanished: 2 } } }, /vanished: 2\. A version/],
  ["a fault that never happened", { ...run, missingFaults: ["SQLITE_BUSY" as const] }, checked, /"SQLITE_BUSY" never/],
  ["what the audit check says", { ...run, auditProblems: ["gap"] }, checked, /audit says: gap/],
  ["what a worker logged", { ...run, complaints: ["seal"] }, checked, /logged: seal/],
  ["a herd", { ...run, outage: { ...run.outage, afterReturn: 20_000 } }, checked, /more than 40 times each/],
  [
    "an answer past the deadline",
    {
      ...run,
      history: {
        ...run.history,
        operations: [{ ...operation(0, 200), attempts: [{ ...operation(0, 200).attempts[0]!, end: 14_500 }] }],
      },
    },
    checked,
    /took 14500 ms/,
  ],
])("is not clean with %s", (_, shown, verdict, line) => {
  const summary = summarizeRun(options, shown, verdict);
  expect(isClean(summary)).toBe(false);
  expect(printSummary(summary).join("\n")).toMatch(line);
});
