import type { IncomingMessage } from "node:http";
import { type Choice, type Fault, type FaultProxy, isCommit, isWon } from "../../../tools/fault-proxy/fault-proxy.ts";
import type { Random } from "../random.ts";
import type { FaultCounter, FaultCounts, FaultName } from "./fault-counts.ts";

interface NetworkFault {
  readonly name: FaultName;
  readonly counter: FaultCounter;
  /** Relative frequency. */
  readonly weight: number;
  /** Only for commits, and counted only if the commit succeeded. */
  readonly commitsOnly?: true;
  fault(random: Random): Fault;
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

const commitsOnly = true;
const DATABASE_FAULTS: readonly NetworkFault[] = [
  { name: "response-lost", counter: "response to a commit lost", weight: 20, commitsOnly, fault: () => "cut-answer" },
  { name: "connection-reset", counter: "request to the database lost", weight: 8, fault: () => "cut-request" },
  { name: "duplicate", counter: "request to the database executed twice", weight: 12, fault: () => "twice" },
  { name: "delay", counter: "request delayed up to 50 ms", weight: 20, fault: shortDelay },
  { name: "delay", counter: "request delayed up to 5 s", weight: 2, fault: longDelay },
  { name: "delay", counter: "request never answered by the database", weight: 1, fault: () => "hang" },
  { name: "bad-response", counter: "response of the database truncated", weight: 8, fault: () => "cut-half-answer" },
  { name: "bad-response", counter: "request to the database rejected with 429", weight: 4, fault: rejected(429) },
  { name: "bad-response", counter: "request to the database rejected with 502", weight: 4, fault: rejected(502) },
  {
    name: "bad-response",
    counter: "response to a commit replaced by 429",
    weight: 4,
    commitsOnly,
    fault: replaced(429),
  },
  {
    name: "bad-response",
    counter: "response to a commit replaced by 502",
    weight: 6,
    commitsOnly,
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

/** Shares of the requests that get a fault. */
const COMMIT_FAULT_RATE = 0.04;
const LOAD_FAULT_RATE = 0.012;
const CLIENT_FAULT_RATE = 0.012;

interface Injection {
  readonly random: Random;
  readonly counts: FaultCounts;
}

/** Injects faults between a worker and the database. @param nextCommitFault takes precedence for the next commit */
export function injectDatabaseFaults(
  proxy: FaultProxy,
  injection: Injection & { readonly nextCommitFault: () => Fault | undefined },
): void {
  const { counts, random, nextCommitFault } = injection;
  const choose = faultChooser(DATABASE_FAULTS, injection);
  proxy.inject((body) => {
    const isCommitRequest = isCommit(body);
    const planned = isCommitRequest ? nextCommitFault() : undefined;
    if (planned !== undefined) return planned;
    if (!random.chance(isCommitRequest ? COMMIT_FAULT_RATE : LOAD_FAULT_RATE)) return "pass";
    return choose((fault) => isCommitRequest || fault.commitsOnly !== true);
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
    return choose(({ name }) => name !== "duplicate" || isIdempotent(incoming));
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
): (isApplicable: (fault: NetworkFault) => boolean) => Fault | Choice {
  const chosen = faults.filter(({ name }) => counts.chosen.has(name));
  return (isApplicable) => {
    const applicable = chosen.filter(isApplicable);
    const missing = counts.missing();
    const selected = applicable.find(({ counter }) => missing.includes(counter)) ?? pickByWeight(applicable, random);
    if (selected === undefined) return "pass";
    const happened = (response: string | undefined): void => {
      if (selected.commitsOnly !== true || isWon(response ?? "")) counts.increment(selected.counter);
    };
    return { fault: selected.fault(random), happened };
  };
}

function pickByWeight(faults: readonly NetworkFault[], random: Random): NetworkFault | undefined {
  let remaining = random.next() * faults.reduce((sum, { weight }) => sum + weight, 0);
  return faults.find(({ weight }) => (remaining -= weight) < 0);
}
