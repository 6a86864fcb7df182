import { setTimeout as pause } from "node:timers/promises";
import { type Cluster, type ClusterWorker, DEFAULT_WORKER } from "./cluster/cluster.ts";
import type { FaultState } from "./faults/fault-state.ts";
import { injectClientFaults, injectDatabaseFaults } from "./faults/network-faults.ts";
import { NextCommitFault } from "./faults/next-commit-fault.ts";
import { plannedFaults } from "./faults/planned-faults.ts";
import { injectProcessFaults } from "./faults/process-faults.ts";
import { Client, type ClientDeps } from "./load/client.ts";
import { Coverage } from "./coverage.ts";
import type { RunOptions } from "./options.ts";
import { createRandom, type Random } from "./random.ts";

interface LoadPhase {
  readonly deps: ClientDeps;
  readonly options: RunOptions;
  readonly faults: FaultState;
  readonly now: () => number;
  readonly print: (line: string) => void;
}

export interface LoadResult {
  /** Number of completed operations. */
  readonly operations: number;
  readonly seconds: number;
  /** Outcomes that should have occurred. */
  readonly missingOutcomes: readonly string[];
}

const DISCONNECT_RATE = 0.01;
/** An incomplete run ends at this multiple of the requested operations, or at the number below if that is more. */
const MAX_EXTENSION = 2;
const MIN_MAX_OPERATIONS = 10_000;
const PROCESS_FAULTS_PER_RUN = 30;
const MIN_INTERVAL_MS = 600;
const MAX_INTERVAL_MS = 5000;
/** An estimate that only decides the interval of the process faults. */
const OPERATIONS_PER_SECOND = 300;
/** More than the longest injected delay and the service's deadline together. */
const MAX_TRANSIT_MS = 20_000;
/** A fault may leave the outcome of one operation of each client unknown. Most operations must have a known one. */
const MIN_OPERATIONS_PER_CLIENT = 5;
const PROGRESS_MS = 10_000;

/** Runs the clients while faults are injected. Afterwards all workers run without faults, and no request is pending. */
export async function runLoadPhase(cluster: Cluster, phase: LoadPhase): Promise<LoadResult> {
  const { options, faults: state } = phase;
  const { counts, lateCommits } = state;
  const random = createRandom(options.seed);
  const nextCommitFaults = cluster.workers.map(({ databaseProxy, replicaProxy, clientProxy }, index) => {
    const next = new NextCommitFault();
    const plannedFault = plannedFaults(state, { index, nextCommitFault: next, random });
    for (const proxy of [databaseProxy, replicaProxy]) {
      injectDatabaseFaults(proxy, { random, counts, plannedFault, lateCommits });
    }
    injectClientFaults(clientProxy, { random, counts });
    return next;
  });
  const expectedMs = Math.min(options.seconds, options.operations / OPERATIONS_PER_SECOND) * 1000;
  const intervalMs = Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, expectedMs / PROCESS_FAULTS_PER_RUN));
  const progress = { operations: 0 };
  const controller = new AbortController();
  const { signal } = controller;
  const stop = (): void => controller.abort();
  const stopAndThrow = (error: unknown): never => {
    stop();
    throw error;
  };
  // Both are over before the cluster is used again, even if one fails.
  const [load, faults] = await Promise.allSettled([
    runClients(phase, { random, signal, progress }).finally(stop),
    injectProcessFaults(cluster, {
      nextCommitFaults,
      random,
      state,
      intervalMs,
      minOperations: MIN_OPERATIONS_PER_CLIENT * options.clients,
      operations: () => progress.operations,
      signal,
    }).catch(stopAndThrow),
  ]);
  if (faults.status === "rejected") throw faults.reason;
  if (load.status === "rejected") throw load.reason;
  await removeFaults(cluster, phase.now);
  return load.value;
}

async function runClients(
  { deps, options, faults: { counts }, now, print }: LoadPhase,
  {
    random,
    signal,
    progress,
  }: { readonly random: Random; readonly signal: AbortSignal; readonly progress: { operations: number } },
): Promise<LoadResult> {
  const startedAt = now();
  let started = 0;
  const coverage = new Coverage(options);
  const maxOperations = Math.max(MAX_EXTENSION * options.operations, MIN_MAX_OPERATIONS);
  const isOver = (): boolean => {
    const isComplete = counts.missingUnderLoad().length + coverage.missing().length === 0 || started >= maxOperations;
    const isTimeUp = now() - startedAt > options.seconds * 1000;
    return signal.aborted || isTimeUp || (started >= options.operations && isComplete);
  };
  const loadDeps: ClientDeps = {
    ...deps,
    nextOperationId() {
      if (isOver()) return undefined;
      started += 1;
      return deps.nextOperationId();
    },
    record(operation) {
      progress.operations += 1;
      coverage.observe(operation);
      deps.record(operation);
    },
    disconnectRate: counts.chosen.has("disconnect") ? DISCONNECT_RATE : 0,
  };
  const clients = Array.from(
    { length: options.clients },
    (_, number) => new Client(loadDeps, number, createRandom(random.below(2 ** 31))),
  );
  const timer = setInterval(() => print(`${progress.operations} operations`), PROGRESS_MS);
  try {
    await Promise.all(clients.map(async (client) => await client.run()));
  } finally {
    clearInterval(timer);
  }
  return { operations: progress.operations, seconds: (now() - startedAt) / 1000, missingOutcomes: coverage.missing() };
}

async function removeFaults({ workers }: Cluster, now: () => number): Promise<void> {
  for (const worker of workers) {
    worker.databaseProxy.inject(() => "pass");
    worker.replicaProxy.inject(() => "pass");
    worker.clientProxy.inject(() => "pass");
    await worker.kill();
    await worker.start(DEFAULT_WORKER);
  }
  // Delayed requests have to arrive before everything is read back.
  const timeoutAt = now() + MAX_TRANSIT_MS;
  const underWay = ({ databaseProxy, replicaProxy, clientProxy }: ClusterWorker): number =>
    databaseProxy.underWay() + replicaProxy.underWay() + clientProxy.underWay();
  while (workers.some((worker) => underWay(worker) > 0)) {
    if (now() > timeoutAt) throw new Error(`Cannot read back: requests are still pending after ${MAX_TRANSIT_MS} ms`);
    await pause(50);
  }
}
