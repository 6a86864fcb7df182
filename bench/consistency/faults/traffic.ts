import type { IncomingMessage } from "node:http";
import { type Choice, type Fault, type FaultProxy, isCommit, isWon } from "../../../tools/fault-proxy/fault-proxy.ts";
import type { Chance } from "../load/chance.ts";
import type { FaultCounter, FaultCounts, FaultName } from "./fault-name.ts";

/** A fault of a single request: how often it is chosen among the others, and what it is. */
interface TrafficFault {
  readonly name: FaultName;
  readonly counter: FaultCounter;
  readonly weight: number;
  /** It is about a commit, and counts if that was carried out. */
  readonly ofCommit?: true;
  fault(chance: Chance): Fault;
}

const RUBBISH: readonly [string, ...string[]] = [
  "<html>",
  "{}",
  "",
  "null",
  '{"baton":null,"base_url":null,"results":[]}',
  '{"baton":null,"base_url":null,"results":[{"type":"ok","response":{"type":"batch","result":{"step_results":[],"step_errors":[]}}}]}',
];
const LONGEST_DELAY_MS = 5000;

const shortDelay = (chance: Chance): Fault => ({ delayMs: 1 + chance.below(50) });
const longDelay = (chance: Chance): Fault => ({ delayMs: 500 + chance.below(LONGEST_DELAY_MS - 500) });

const TO_DATABASE: readonly TrafficFault[] = [
  { name: "answer-lost", counter: "answer of a commit lost", weight: 20, ofCommit: true, fault: () => "cut-answer" },
  { name: "connection-cut", counter: "request cut on its way to the database", weight: 8, fault: () => "cut-request" },
  { name: "duplicate", counter: "request to the database carried out twice", weight: 12, fault: () => "twice" },
  { name: "delay", counter: "delayed up to 50 ms", weight: 20, fault: shortDelay },
  { name: "delay", counter: "delayed up to 5 s", weight: 2, fault: longDelay },
  { name: "delay", counter: "never answered by the database", weight: 1, fault: () => "hang" },
  { name: "bad-answer", counter: "answer of the database truncated", weight: 8, fault: () => "cut-half-answer" },
  { name: "bad-answer", counter: "request to the database answered 429", weight: 4, fault: () => ({ status: 429 }) },
  { name: "bad-answer", counter: "request to the database answered 502", weight: 4, fault: () => ({ status: 502 }) },
  {
    name: "bad-answer",
    counter: "answer to a commit replaced by 429",
    weight: 4,
    ofCommit: true,
    fault: () => ({ status: 429, carriedOut: true }),
  },
  {
    name: "bad-answer",
    counter: "answer to a commit replaced by 502",
    weight: 6,
    ofCommit: true,
    fault: () => ({ status: 502, carriedOut: true }),
  },
  {
    name: "bad-answer",
    counter: "answer of the database replaced by rubbish",
    weight: 8,
    fault: (chance) => ({ body: chance.of(RUBBISH) }),
  },
];

const TO_WORKER: readonly TrafficFault[] = [
  { name: "answer-lost", counter: "answer of a worker lost", weight: 10, fault: () => "cut-answer" },
  { name: "connection-cut", counter: "request cut on its way to the worker", weight: 5, fault: () => "cut-request" },
  { name: "duplicate", counter: "request to the worker carried out twice", weight: 10, fault: () => "twice" },
  { name: "delay", counter: "delayed up to 50 ms", weight: 8, fault: shortDelay },
];

/** Parts of all requests that are disturbed. */
const COMMITS_DISTURBED = 0.04;
const LOADS_DISTURBED = 0.012;
const CLIENTS_DISTURBED = 0.012;

/** What is to happen to the next commit on the way to the database, if anything is due. */
export interface Due {
  take(): Fault | undefined;
}

/** Disturbs what one worker asks the database. */
export function disturbDatabase(
  proxy: FaultProxy,
  run: { readonly chance: Chance; readonly counts: FaultCounts; readonly due: Due },
): void {
  const { counts, chance } = run;
  const choose = chooser(TO_DATABASE, run);
  proxy.inject((body) => {
    const commit = isCommit(body);
    const due = commit ? run.due.take() : undefined;
    if (due !== undefined) return due;
    if (!chance.hits(commit ? COMMITS_DISTURBED : LOADS_DISTURBED)) return "pass";
    return choose(({ ofCommit }) => commit || ofCommit !== true);
  });
  proxy.watch((answer) => {
    if (counts.chosen.has("busy") && answer.includes("SQLITE_BUSY")) counts.count("SQLITE_BUSY");
  });
}

/** Disturbs what clients ask one worker. */
export function disturbClients(
  proxy: FaultProxy,
  run: { readonly chance: Chance; readonly counts: FaultCounts },
): void {
  const choose = chooser(TO_WORKER, run);
  proxy.inject((_, incoming) => {
    if (!run.chance.hits(CLIENTS_DISTURBED)) return "pass";
    return choose(({ name }) => name !== "duplicate" || isRepeatable(incoming));
  });
}

/**
 * Whether a request may arrive twice, and its second answer count. Without a key it would be two writes. With one, a
 * workload may have lost its right in between, and is rightly denied what it has done.
 */
function isRepeatable({ url = "", headers }: IncomingMessage): boolean {
  if (/action=(?:get|list)$/.test(url)) return true;
  return headers["idempotency-key"] !== undefined && isSuperuser(headers.authorization ?? "");
}

function isSuperuser(authorization: string): boolean {
  const [, claims = ""] = authorization.split(".");
  return Buffer.from(claims, "base64url").toString().includes("/role/superuser");
}

/** What has not happened yet comes first, then chance decides by weight: a rare one must not be missing from a short run. */
function chooser(
  faults: readonly TrafficFault[],
  { chance, counts }: { readonly chance: Chance; readonly counts: FaultCounts },
): (fits: (fault: TrafficFault) => boolean) => Fault | Choice {
  const chosen = faults.filter(({ name }) => counts.chosen.has(name));
  return (fits) => {
    const missing = counts.missing();
    const fault =
      chosen.find((one) => missing.includes(one.counter) && fits(one)) ?? byWeight(chosen.filter(fits), chance);
    if (fault === undefined) return "pass";
    const { counter, ofCommit } = fault;
    const happened = (answer: string | undefined): void => {
      if (ofCommit !== true || isWon(answer ?? "")) counts.count(counter);
    };
    return { fault: fault.fault(chance), happened };
  };
}

function byWeight(faults: readonly TrafficFault[], chance: Chance): TrafficFault | undefined {
  let left = chance.next() * faults.reduce((sum, { weight }) => sum + weight, 0);
  return faults.find(({ weight }) => (left -= weight) < 0);
}
