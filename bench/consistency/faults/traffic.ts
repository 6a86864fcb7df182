import type { IncomingMessage } from "node:http";
import { type Fault, type FaultProxy, isCommit } from "../../../tools/fault-proxy/fault-proxy.ts";
import type { Chance } from "../load/chance.ts";
import type { FaultCounter, FaultCounts, FaultName } from "./fault-name.ts";

/** A fault of a single request: how often it is chosen among the others, and what it is. */
interface TrafficFault {
  readonly name: FaultName;
  readonly counter: FaultCounter;
  readonly weight: number;
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
  { name: "answer-lost", counter: "answer of a commit lost", weight: 20, fault: () => "cut-answer" },
  { name: "connection-cut", counter: "request cut on its way to the database", weight: 8, fault: () => "cut-request" },
  { name: "duplicate", counter: "request to the database carried out twice", weight: 12, fault: () => "twice" },
  { name: "delay", counter: "delayed up to 50 ms", weight: 20, fault: shortDelay },
  { name: "delay", counter: "delayed up to 5 s", weight: 2, fault: longDelay },
  { name: "bad-answer", counter: "answer of the database truncated", weight: 8, fault: () => "cut-half-answer" },
  { name: "bad-answer", counter: "answer of the database 429", weight: 4, fault: () => ({ status: 429 }) },
  { name: "bad-answer", counter: "answer of the database 502", weight: 4, fault: () => ({ status: 502 }) },
  {
    name: "bad-answer",
    counter: "answer of the database rubbish",
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
    // "Lost after the commit" is counted, so it has to be a commit's answer.
    return choose(({ name }) => commit || name !== "answer-lost");
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
    // A write that arrives twice without a key is two writes, and nobody could tell otherwise.
    return choose(({ name }) => name !== "duplicate" || isRepeatable(incoming));
  });
}

function isRepeatable({ url = "", headers }: IncomingMessage): boolean {
  return headers["idempotency-key"] !== undefined || /action=(?:get|list)$/.test(url);
}

/** Every fault once, then by weight: a rare one must not be missing from a short run. */
function chooser(
  faults: readonly TrafficFault[],
  { chance, counts }: { readonly chance: Chance; readonly counts: FaultCounts },
): (fits: (fault: TrafficFault) => boolean) => Fault {
  const chosen = faults.filter(({ name }) => counts.chosen.has(name));
  const first = [...chosen];
  return (fits) => {
    const next = first.findIndex(fits);
    const [fault] = next < 0 ? [byWeight(chosen.filter(fits), chance)] : first.splice(next, 1);
    if (fault === undefined) return "pass";
    counts.count(fault.counter);
    return fault.fault(chance);
  };
}

function byWeight(faults: readonly TrafficFault[], chance: Chance): TrafficFault | undefined {
  let left = chance.next() * faults.reduce((sum, { weight }) => sum + weight, 0);
  return faults.find(({ weight }) => (left -= weight) < 0);
}
