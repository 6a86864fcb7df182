import { describe, expect, it } from "vitest";
import type { Operation } from "./history/history.ts";
import { CASE_KINDS, type CaseKind } from "./checker/cases.ts";
import { FAULT_NAMES } from "./faults/fault-counts.ts";
import { MAX_OPERATIONS, type RunOptions } from "./options.ts";
import type { Run } from "./run.ts";
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
const options: RunOptions = {
  operations: 4,
  seconds: 1,
  clients: 1,
  workers: 1,
  routes: ["primary"],
  replicas: 0,
  seed: 1,
  faults: new Set(FAULT_NAMES),
  out: "",
};
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
  missingOutcomes: [],
  readBack: { read: 3, paths: 3 },
  abortedRequests: 1,
  timeouts: 0,
  verification: { entries: 0, problems: [] },
  storedEntries: 0,
  loggedLines: 5,
  outage,
  unexpectedErrors: [],
};
// Object.fromEntries returns strings as keys.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const cases = Object.fromEntries(CASE_KINDS.map((kind) => [kind, 1])) as Record<CaseKind, number>;
const checked = { report: { anomalies: [], counts: {}, cases }, seconds: 1 };
const manyClients = { ...options, clients: 32, routes: ["replica-reads"] as const };

const withOperations = (operations: readonly Operation[]) => ({ ...run, history: { ...run.history, operations } });

it("counts an operation as ok if any exchange succeeded, and as unknown if any may have taken effect", () => {
  const summary = summarize(options, run, checked);
  expect(summary.outcomes).toEqual({ get: { ok: 2, unknown: 1, "refused 404": 9 } });
  expect(summary).toMatchObject({ requests: 14, operationsPerSecond: 2, slowestResponseMs: 5, problems: [] });
  expect(isClean(summary)).toBe(true);
  expect(printSummary(summary).at(-1)).toBe("anomalies    0");
});

it.each([
  [
    "an anomaly",
    run,
    { ...checked, report: { anomalies: [], counts: { lost_write: 2 }, cases } },
    /lost_write: 2\. An ack/,
  ],
  [
    "a fault that never happened",
    { ...run, missingFaults: ["SQLITE_BUSY" as const] },
    checked,
    /"SQLITE_BUSY" never happened/,
  ],
  [
    "a problem of the audit",
    { ...run, verification: { entries: 0, problems: ["gap"] } },
    checked,
    /audit verification reports: gap/,
  ],
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

/** Each of these runs passed although it proved nothing about some part of the product. */
describe("a run that did too little", () => {
  const without = (kind: CaseKind) => ({ ...checked, report: { ...checked.report, cases: { ...cases, [kind]: 0 } } });
  const during = (statuses: Readonly<Record<string, number>>) => ({ ...run, outage: { ...outage, statuses } });

  const possible = CASE_KINDS.filter((kind) => kind !== "change_order" && kind !== "change_time");
  const history = { ...run.history, hasBookmarks: true };

  it.each(possible)("fails if nothing was checked of the kind %s (Q50)", (kind) => {
    const summary = summarize(manyClients, { ...run, history }, without(kind));
    expect(isClean(summary)).toBe(false);
    expect(printSummary(summary).join("\n")).toContain(`PROBLEM      Nothing was checked of the kind "${kind}"`);
  });

  it.each<readonly [string, Run, RunOptions, RegExp]>([
    [
      "32 of 1000 operations",
      { ...run, loadOperations: 32 },
      { ...options, operations: 1000 },
      /32 of 1000 operations/,
    ],
    [
      "fewer operations than requested when its time is over",
      { ...run, loadOperations: 32, loadSeconds: 9 },
      { ...options, operations: 1000 },
      /32 of 1000 operations and 9 s/,
    ],
    [
      "less time than requested",
      { ...run, loadOperations: 32, loadSeconds: 3 },
      { ...options, operations: MAX_OPERATIONS, seconds: 60 },
      /The run ended after 32 of 10000000 operations and 3 s/,
    ],
    [
      "no undelete",
      { ...run, missingOutcomes: ["a successful undelete"] },
      options,
      /not include a successful undelete/,
    ],
    ["nothing read back", { ...run, readBack: { read: 0, paths: 0 } }, options, /0 of 0 paths were read back/],
    ["a path that was not read back", { ...run, readBack: { read: 2, paths: 3 } }, options, /2 of 3 paths were read/],
    [
      "an audit that was not verified to its end",
      { ...run, verification: { entries: 7, problems: [] } },
      options,
      /verified 7 of 0 entries/,
    ],
    [
      "old entries that no prune deletes (H09)",
      { ...run, pruned: { floor: 5, expected: 13 } },
      options,
      /The last prune went up to revision 5, but all entries up to 13 are old/,
    ],
    ["workers that log nothing", { ...run, loggedLines: 0 }, options, /The workers logged nothing/],
    [
      "an outage that hardly any worker noticed",
      { ...run, outage: { ...outage, requestsDuring: 49 } },
      options,
      /500 waiting clients caused only 49/,
    ],
    ["an outage that never ended", during({ 503: 500 }), options, /None of 500 waiting clients was served/],
  ])("fails with %s (Q50)", (_, recorded, chosen, line) => {
    const summary = summarize(chosen, recorded, checked);
    expect(isClean(summary)).toBe(false);
    expect(printSummary(summary).join("\n")).toMatch(line);
  });

  it.each(["committed_permission", "denial", "permission"] as const)(
    "passes without the kind %s if there is one client, and prints why (Q50)",
    (kind) => {
      const summary = summarize(options, run, without(kind));
      expect(isClean(summary)).toBe(true);
      expect(printSummary(summary).join("\n")).toContain("(not possible: with one client, all requests are those of");
    },
  );
});

it("contains neither the URL nor the token of a database (Q54)", () => {
  const database = { url: "https://db.test/x", authToken: "canary-token", mayErase: false };
  const externalReplicas = [{ ...database, url: "https://replica.test/x" }];
  const text = JSON.stringify(summarize({ ...options, database, externalReplicas }, run, checked));
  expect(text).not.toMatch(/canary-token|https:/);
  expect(text).toContain('"database":"db.test","externalReplicas":["replica.test"]');
});
