import type { IncomingMessage } from "node:http";
import { type Choice, type Fault, type FaultProxy, isCommit, isWon } from "../../../tools/fault-proxy/fault-proxy.ts";
import type { Random } from "../random.ts";
import type { FaultCounter, FaultCounts, FaultName } from "./fault-counts.ts";
import type { LateCommits } from "./late-commits.ts";

interface NetworkFault {
  readonly name: FaultName;
  readonly counter: FaultCounter;
  /** Relative frequency. */
  readonly weight: number;
  /** Both by default. */
  readonly on?: "loads" | "commits";
  /** Counted only if the database applied the commit. */
  readonly wonOnly?: true;
  fault(random: Random, late: (passedOnAfterMs: number) => Choice): Fault | Choice;
}

const MALFORMED_BODIES: readonly string[] = [
  "<html>",
  "{}",
  "",
  "null",
  '{"baton":null,"base_url":null,"results":[]}',
  '{"baton":null,"base_url":null,"results":[{"type":"ok","response":{"type":"batch","result":{"step_results":[],"step_errors":[]}}}]}',
];
const MAX_DELAY_MS = 5000;

const shortDelay = (random: Random): Fault => ({ delayMs: 1 + random.below(50) });
const longDelay = (random: Random): Fault => ({ delayMs: 500 + random.below(MAX_DELAY_MS - 500) });
const malformed = (random: Random): Fault => ({ body: random.pick(MALFORMED_BODIES) });
const rejected = (status: number) => (): Fault => ({ status });
const replaced = (status: number) => (): Fault => ({ status, carriedOut: true });

/** Random time, so that the commit arrives while the request is tried again. */
const beforeDeadline = (random: Random, late: (afterMs: number) => Choice): Choice => late(100 + random.below(6000));

const commits = { on: "commits", wonOnly: true } as const;
const DATABASE_FAULTS: readonly NetworkFault[] = [
  { name: "response-lost", counter: "response to a commit lost", weight: 20, ...commits, fault: () => "cut-answer" },
  { name: "connection-reset", counter: "request to the database lost", weight: 8, fault: () => "cut-request" },
  { name: "duplicate", counter: "request to the database executed twice", weight: 12, fault: () => "twice" },
  { name: "delay", counter: "request delayed up to 50 ms", weight: 20, fault: shortDelay },
  { name: "delay", counter: "request delayed up to 5 s", weight: 2, fault: longDelay },
  {
    name: "hang",
    counter: "load never answered",
    weight: 1,
    on: "loads",
    fault: (random) => (random.chance(0.5) ? "hang" : "swallow"),
  },
  {
    name: "hang",
    counter: "commit not applied and never answered",
    weight: 1,
    on: "commits",
    fault: () => "swallow",
  },
  { name: "hang", counter: "commit applied and never answered", weight: 1, ...commits, fault: () => "hang" },
  { name: "late-commit", counter: "commit applied after its 502", weight: 2, ...commits, fault: beforeDeadline },
  { name: "bad-response", counter: "response of the database truncated", weight: 8, fault: () => "cut-half-answer" },
  { name: "bad-response", counter: "request to the database rejected with 429", weight: 4, fault: rejected(429) },
  { name: "bad-response", counter: "request to the database rejected with 502", weight: 4, fault: rejected(502) },
  {
    name: "bad-response",
    counter: "response to a commit replaced by 429",
    weight: 4,
    ...commits,
    fault: replaced(429),
  },
  {
    name: "bad-response",
    counter: "response to a commit replaced by 502",
    weight: 6,
    ...commits,
    fault: replaced(502),
  },
  {
    name: "bad-response",
    counter: "response of the database replaced by a malformed one",
    weight: 8,
    fault: malformed,
  },
];

const CLIENT_FAULTS: readonly NetworkFault[] = [
  { name: "response-lost", counter: "response of a worker lost", weight: 10, fault: () => "cut-answer" },
  { name: "connection-reset", counter: "request to the worker lost", weight: 5, fault: () => "cut-request" },
  { name: "duplicate", counter: "request to the worker executed twice", weight: 10, fault: () => "twice" },
  { name: "delay", counter: "request delayed up to 50 ms", weight: 8, fault: shortDelay },
];

/** With a few rare faults alone, most requests get none: each of these faults keeps a client waiting for seconds. */
const MIN_TOTAL_WEIGHT = 20;
/** Shares of the requests that get a fault. */
const COMMIT_FAULT_RATE = 0.04;
const LOAD_FAULT_RATE = 0.012;
const CLIENT_FAULT_RATE = 0.012;

interface Injection {
  readonly random: Random;
  readonly counts: FaultCounts;
}

/** Injects faults between a worker and the database. @param plannedFault takes precedence */
export function injectDatabaseFaults(
  proxy: FaultProxy,
  injection: Injection & {
    readonly plannedFault: (body: string, isCommitRequest: boolean) => Fault | Choice | undefined;
    readonly lateCommits: LateCommits;
  },
): void {
  const { counts, random, plannedFault, lateCommits } = injection;
  const choose = faultChooser(DATABASE_FAULTS, injection);
  proxy.inject((body) => {
    const isCommitRequest = isCommit(body);
    const planned = plannedFault(body, isCommitRequest);
    if (planned !== undefined) return planned;
    if (!random.chance(isCommitRequest ? COMMIT_FAULT_RATE : LOAD_FAULT_RATE)) return "pass";
    const kind = isCommitRequest ? "commits" : "loads";
    return choose(
      ({ on }) => on === undefined || on === kind,
      (passedOnAfterMs) => lateCommits.hold(body, passedOnAfterMs),
    );
  });
  proxy.watch((response) => {
    if (counts.chosen.has("busy") && response.includes("SQLITE_BUSY")) counts.increment("SQLITE_BUSY");
  });
}

/** Injects faults between the clients and a worker. */
export function injectClientFaults(proxy: FaultProxy, injection: Injection): void {
  const choose = faultChooser(CLIENT_FAULTS, injection);
  proxy.inject((_, incoming) => {
    if (!injection.random.chance(CLIENT_FAULT_RATE)) return "pass";
    return choose(({ name }) => name !== "duplicate" || isIdempotent(incoming), neverLate);
  });
}

/**
 * True if a request may be sent twice and the second response counts. A write without a key would be two writes. A
 * workload's write may lose its permission in between, and the refusal would hide that it was committed.
 */
function isIdempotent({ url = "", headers }: IncomingMessage): boolean {
  if (/action=(?:get|list)$/.test(url)) return true;
  return headers["idempotency-key"] !== undefined && isSuperuser(headers.authorization ?? "");
}

function isSuperuser(authorization: string): boolean {
  const [, claims = ""] = authorization.split(".");
  return Buffer.from(claims, "base64url").toString().includes("/role/superuser");
}

/** Chooses faults that have not happened yet first, so that a short run has the rare ones too, then by weight. */
function faultChooser(
  faults: readonly NetworkFault[],
  { random, counts }: Injection,
): (isApplicable: (fault: NetworkFault) => boolean, late: (passedOnAfterMs: number) => Choice) => Fault | Choice {
  const chosen = faults.filter(({ name }) => counts.chosen.has(name));
  return (isApplicable, late) => {
    const applicable = chosen.filter(isApplicable);
    const missing = counts.missing();
    const selected = applicable.find(({ counter }) => missing.includes(counter)) ?? pickByWeight(applicable, random);
    if (selected === undefined) return "pass";
    const given = selected.fault(random, late);
    const { fault, happened } = typeof given === "object" && "fault" in given ? given : { fault: given };
    return {
      fault,
      happened(response) {
        happened?.(response);
        if (selected.wonOnly !== true || isWon(response ?? "")) counts.increment(selected.counter);
      },
    };
  };
}

function neverLate(): never {
  throw new TypeError("Cannot delay a commit between a client and a worker");
}

function pickByWeight(faults: readonly NetworkFault[], random: Random): NetworkFault | undefined {
  const total = faults.reduce((sum, { weight }) => sum + weight, 0);
  let remaining = random.next() * Math.max(total, MIN_TOTAL_WEIGHT);
  return faults.find(({ weight }) => (remaining -= weight) < 0);
}
