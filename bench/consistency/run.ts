import { setTimeout as pause } from "node:timers/promises";
import type { Edge } from "./edge/edge.ts";
import { PLAIN_LIFE, startEdge } from "./edge/edge.ts";
import { DueFault, letDisastersStrike } from "./faults/disasters.ts";
import { type FaultCounter, FaultCounts } from "./faults/fault-name.ts";
import { disturbClients, disturbDatabase } from "./faults/traffic.ts";
import type { History, Operation, Request } from "./history/history.ts";
import { type Chance, chanceFrom } from "./load/chance.ts";
import { Client, type Room } from "./load/client.ts";
import { Exchanges } from "./load/exchange.ts";
import { readPath } from "./load/final-reads.ts";
import { Knowledge } from "./load/knowledge.ts";
import { pathsOf, TEAMS } from "./load/paths.ts";
import { UsedKeys } from "./load/used-keys.ts";
import { grantAll } from "./load/plan.ts";
import type { RunOptions } from "./options.ts";
import { outage, type Outage } from "./outage.ts";
import { readLog } from "./read-log.ts";
import { verifyAudit } from "./verify-audit.ts";

/** What a run has brought to light, before it is checked. */
export interface Run {
  readonly history: History;
  /** Operations under load; the rest prepared the run or read everything back. */
  readonly loaded: number;
  readonly loadSeconds: number;
  readonly faults: readonly (readonly [FaultCounter, number])[];
  readonly missingFaults: readonly FaultCounter[];
  /** Requests whose loads a worker stopped because their client had gone. */
  readonly noticedGone: number;
  /** Requests that a client waited for in vain, far beyond the deadline. */
  readonly unanswered: number;
  /** What the service says of its own audit. */
  readonly auditProblems: readonly string[];
  readonly outage: Outage;
  /** What the workers logged of errors other than the database's, and who ended unasked. */
  readonly complaints: readonly string[];
}

const GONE = 0.01;
const WAITING_CLIENTS = 500;
/** One cold path for so many operations. */
const OPERATIONS_A_PATH = 40;
const DISASTERS_IN_A_RUN = 30;
const SHORTEST_PAUSE_MS = 600;
const LONGEST_PAUSE_MS = 5000;
/** A guess that only spreads the disasters. */
const OPERATIONS_A_SECOND = 300;
const MOST_TIMES_OVER = 2;
/** What is on its way arrives within the longest delay and a deadline. */
const LONGEST_UNDER_WAY_MS = 20_000;

/** Plays one run, in `folder`, which is left to the caller. `tell` is given a line now and then. */
export async function play(options: RunOptions, folder: string, tell: (line: string) => void): Promise<Run> {
  const edge = await startEdge(folder, options.workers);
  try {
    return await playOn(edge, options, tell);
  } finally {
    await edge.close();
  }
}

async function playOn(edge: Edge, options: RunOptions, tell: (line: string) => void): Promise<Run> {
  const now = (): number => performance.now();
  const counts = new FaultCounts(options.faults);
  const exchanges = new Exchanges(now);
  const operations: Operation[] = [];
  const knowledge = new Knowledge();
  const room = {
    paths: pathsOf(options.operations / OPERATIONS_A_PATH),
    knowledge,
    keys: new UsedKeys(),
    workers: edge.places.map(({ clients }) => clients.url),
    send: async (...sending: Parameters<Exchanges["send"]>) => await exchanges.send(...sending),
    tokenOf: async (caller: string) => await edge.authority.tokenOf(caller, now()),
    nextId: () => operations.push(PENDING) - 1,
    record: (operation: Operation) => void (operations[operation.id] = operation),
    left: () => counts.count("client gone in mid-request"),
    gone: 0,
  } satisfies Room;
  // The numbers of clients tell apart: those under load, those that prepare and read back, and those of the outage.
  const clientsFrom = (number: number): readonly Client[] =>
    Array.from({ length: options.clients }, (_, index) => new Client(room, number + index, chanceFrom(index)));
  const quiet = clientsFrom(options.clients);
  const waiting = clientsFrom(2 * options.clients);
  const ask = async (client: Client | undefined, request: Request, worker: number) => {
    const operation = await (client ?? fail()).ask(request, { id: room.nextId(), worker });
    room.record(operation);
    knowledge.note(operation);
    return operation;
  };
  try {
    for (const team of TEAMS) await ask(quiet[0], grantAll(team), 0);

    const first = operations.length;
    const began = now();
    await underFaults(edge, { counts, options, now }, async (chance, signal) => {
      // A fast machine is not over before everything has happened that was to happen.
      const enough = (done: number): boolean =>
        done >= options.operations && (counts.missing().length === 0 || done >= MOST_TIMES_OVER * options.operations);
      const over = (): boolean =>
        signal.aborted || enough(operations.length - first) || now() - began > options.seconds * 1000;
      const loaded: Room = {
        ...room,
        nextId: () => (over() ? undefined : room.nextId()),
        gone: counts.chosen.has("client-gone") ? GONE : 0,
      };
      const telling = setInterval(() => tell(`${operations.length - first} operations`), 10_000);
      const clients = Array.from(
        { length: options.clients },
        (_, n) => new Client(loaded, n, chanceFrom(chance.below(2 ** 31))),
      );
      try {
        await Promise.all(clients.map(async (client) => await client.run()));
      } finally {
        clearInterval(telling);
      }
    });
    const loaded = operations.length - first;
    const loadSeconds = (now() - began) / 1000;

    tell("the database goes away, and clients wait for it");
    const waited = await outage(edge, {
      clients: WAITING_CLIENTS,
      now,
      async ask(index) {
        const worker = index % options.workers;
        const request: Request =
          index % 4 < 2
            ? { kind: "put", path: `waiting/${index}`, value: `waiting ${index}` }
            : { kind: "get", path: room.paths.hot("red"), number: 0 };
        const { attempts } = await ask(waiting[index % options.clients], request, worker);
        return attempts[0] ?? fail();
      },
    });

    tell("everything is read back");
    const left = [...knowledge.paths()];
    await Promise.all(
      quiet.map(async (_, client) => {
        const askThrough = async (request: Request, worker: number) => await ask(quiet[client], request, worker);
        for (let path = left.pop(); path !== undefined; path = left.pop()) {
          await readPath(askThrough, path, { worker: client % options.workers, other: (client + 1) % options.workers });
        }
      }),
    );
    return {
      history: { origin: performance.timeOrigin, kept: edge.kept, operations, log: await readLog(edge.database.url()) },
      loaded,
      loadSeconds,
      faults: counts.all(),
      missingFaults: counts.missing(),
      noticedGone: edge.places.reduce((sum, place) => sum + place.gone(), 0),
      unanswered: exchanges.unanswered,
      auditProblems: await verifyAudit(room.workers[0] ?? "", await room.tokenOf("superuser")),
      outage: waited,
      complaints: edge.places.flatMap((place) => place.complaints()),
    };
  } finally {
    exchanges.close();
  }
}

/** Stands where an operation is going to be. */
const PENDING: Operation = {
  id: -1,
  client: -1,
  caller: "superuser",
  request: { kind: "list", prefix: "" },
  attempts: [],
};

function fail(): never {
  throw new Error("Cannot go on: a client is missing");
}

async function underFaults(
  edge: Edge,
  run: { readonly counts: FaultCounts; readonly options: RunOptions; readonly now: () => number },
  load: (chance: Chance, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { counts, options } = run;
  const chance = chanceFrom(options.seed);
  const dues = edge.places.map((place) => {
    const due = new DueFault();
    disturbDatabase(place.database, { chance, counts, due });
    disturbClients(place.clients, { chance, counts });
    return due;
  });
  const end = new AbortController();
  const expectedMs = Math.min(options.seconds, options.operations / OPERATIONS_A_SECOND) * 1000;
  const everyMs = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, expectedMs / DISASTERS_IN_A_RUN));
  const stop = (): void => end.abort();
  // Either's failure ends the other, and both are over before anything goes on.
  const disasters = letDisastersStrike(edge, { dues, chance, counts, everyMs, signal: end.signal }).finally(stop);
  const [loaded, struck] = await Promise.allSettled([load(chance, end.signal).finally(stop), disasters]);
  for (const part of [struck, loaded]) if (part.status === "rejected") throw part.reason;
  for (const place of edge.places) {
    place.database.inject(() => "pass");
    place.clients.inject(() => "pass");
    await place.kill();
    await place.start(PLAIN_LIFE);
  }
  // What was delayed on its way arrives before everything is read back.
  const late = run.now() + LONGEST_UNDER_WAY_MS;
  while (edge.places.some(({ database, clients }) => database.underWay() + clients.underWay() > 0)) {
    if (run.now() > late)
      throw new Error("Cannot go on: requests are still under way long after the last one was sent");
    await pause(50);
  }
}
