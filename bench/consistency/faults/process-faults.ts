import { setTimeout as pause } from "node:timers/promises";
import { isWon } from "../../../tools/fault-proxy/fault-proxy.ts";
import { type Cluster, type ClusterWorker, DEFAULT_WORKER, type WorkerOptions } from "../cluster/cluster.ts";
import type { Random } from "../random.ts";
import { type Direction, randomOffsetMs } from "./database-clock.ts";
import type { FaultCounter, FaultCounts, FaultName } from "./fault-counts.ts";
import type { FaultState } from "./fault-state.ts";
import type { CommitPhase, NextCommitFault } from "./next-commit-fault.ts";
import { replicaFaults, setBackAfterKill } from "./replica-faults.ts";

interface ProcessFault {
  readonly name: FaultName;
  inject(): Promise<void>;
}

interface Injection {
  /** By worker. */
  readonly nextCommitFaults: readonly NextCommitFault[];
  readonly random: Random;
  readonly state: FaultState;
}

const HANG_MS = 300;
const MAX_JUMP_MS = 2500;
const POLL_MS = 20;
const SKEW_MS = 600_000;
/** How workers restart, in turn. The number is odd, so that two workers do not always get the same options. */
const RESTARTS: readonly WorkerOptions[] = [
  { clockSkewMs: SKEW_MS, keyRing: ["b", "a"] },
  { clockSkewMs: -SKEW_MS, keyRing: ["a", "b"] },
  { clockSkewMs: 0, keyRing: ["b", "c", "a"] },
  { clockSkewMs: SKEW_MS, keyRing: ["a", "b", "c"] },
  { clockSkewMs: -SKEW_MS, keyRing: ["b", "a"] },
];

/**
 * Kills and locks processes, one fault about every `intervalMs`, until `signal` aborts. On a slow machine or with a distant database,
 * the interval is longer: after each fault, at least `minOperations` operations complete.
 */
export async function injectProcessFaults(
  cluster: Cluster,
  injection: Injection & {
    readonly intervalMs: number;
    readonly minOperations: number;
    /** Number of completed operations. */
    readonly operations: () => number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { state, random, intervalMs, minOperations, operations, signal } = injection;
  const faults = processFaults(cluster, injection).filter(({ name }) => state.counts.chosen.has(name));
  for (let round = 0; faults.length > 0 && !signal.aborted; round += 1) {
    const before = operations();
    await pause(intervalMs * (0.5 + random.next()), undefined, { signal }).catch(() => undefined);
    while (!signal.aborted && operations() < before + minOperations) await pause(POLL_MS);
    if (!signal.aborted) await faults[round % faults.length]?.inject();
  }
}

interface Target {
  readonly cluster: Cluster;
  readonly random: Random;
  readonly counts: FaultCounts;
  readonly pickWorker: () => {
    readonly worker: ClusterWorker | undefined;
    readonly nextCommitFault: NextCommitFault | undefined;
  };
  readonly nextOptions: (worker: ClusterWorker) => WorkerOptions;
}

function processFaults(cluster: Cluster, { random, state, nextCommitFaults }: Injection): readonly ProcessFault[] {
  const { counts } = state;
  const target: Target = {
    cluster,
    random,
    counts,
    pickWorker() {
      const index = random.below(cluster.workers.length);
      return { worker: cluster.workers[index], nextCommitFault: nextCommitFaults[index] };
    },
    nextOptions: restartOptions(counts),
  };
  const ofReplicas = replicaFaults(cluster, counts, random);
  const others: readonly ProcessFault[] = [
    copyDatabase(cluster, state),
    killWorker(target, "arriving", "worker killed before the commit"),
    jumpClock(state, random, "behind"),
    killDatabase(target),
    killWorker(target, "under way", "worker killed during the commit"),
    { name: "busy", inject: async () => await cluster.database.process?.lock(500 + random.below(500)) },
    hangDatabase(cluster, state, random),
    killWorker(target, "answered", "worker killed after the commit"),
    jumpClock(state, random, "ahead"),
    copyDatabase(cluster, state),
    restartWorker(target, "key-ring"),
    restartWorker(target, "clock-skew"),
  ];
  // In turn, so that a short run has faults of both kinds.
  return others.flatMap((fault, index) => [fault, ...ofReplicas.slice(index, index + 1)]);
}

function killWorker(target: Target, phase: CommitPhase, counter: FaultCounter): ProcessFault {
  const { random, counts, nextOptions } = target;
  return {
    name: "worker-killed",
    async inject() {
      const { worker, nextCommitFault } = target.pickWorker();
      const wasInPhase = await nextCommitFault?.during(phase, async (progress) => {
        // The commit is under way, and this decides how far it gets.
        if (phase === "under way") await pause(random.below(2));
        const response = progress.answer();
        await worker?.kill();
        return phase === "arriving" || (phase === "under way" ? response === undefined : isWon(response ?? ""));
      });
      if (wasInPhase === undefined) return;
      if (wasInPhase) counts.increment(counter);
      await worker?.start(nextOptions(worker));
    },
  };
}

function killDatabase({ cluster, random, counts, pickWorker }: Target): ProcessFault {
  return {
    name: "database-killed",
    async inject() {
      const wasDuringBatch = await pickWorker().nextCommitFault?.during("under way", async (progress) => {
        await pause(random.below(2));
        const isPending = progress.answer() === undefined;
        await cluster.database.process?.kill();
        return isPending;
      });
      if (wasDuringBatch === undefined) return;
      if (wasDuringBatch) counts.increment("database killed during a batch");
      await pause(random.below(300));
      await cluster.database.process?.start();
      await setBackAfterKill(cluster, counts, random);
    },
  };
}

/** Makes the state that stale loads are answered with. */
function copyDatabase({ database }: Cluster, { staleLoads }: FaultState): ProcessFault {
  return {
    name: "stale-load",
    async inject() {
      staleLoads.copyUrl = await database.process?.serveCopy();
    },
  };
}

/** Both workers see the same clock. */
function jumpClock({ clock, counts }: FaultState, random: Random, direction: Direction): ProcessFault {
  return {
    name: "database-clock",
    async inject() {
      clock.set(randomOffsetMs(direction, random));
      await pause(50 + random.below(MAX_JUMP_MS));
      clock.set(0);
      counts.increment(`clock of the database days ${direction} for a while`);
    },
  };
}

function hangDatabase({ workers }: Cluster, { hanging }: FaultState, random: Random): ProcessFault {
  return {
    name: "hang",
    async inject() {
      const index = random.below(workers.length);
      hanging.add(index);
      await pause(HANG_MS);
      hanging.delete(index);
    },
  };
}

function restartWorker({ pickWorker, nextOptions }: Target, name: FaultName): ProcessFault {
  return {
    name,
    async inject() {
      const { worker } = pickWorker();
      await worker?.kill();
      await worker?.start(nextOptions(worker));
    },
  };
}

/** Returns a worker's options for its next start, and counts what they change. */
function restartOptions(counts: FaultCounts): (worker: ClusterWorker) => WorkerOptions {
  const keyRings = new Map<ClusterWorker, string>();
  let restarts = 0;
  return (worker) => {
    const options = RESTARTS[restarts % RESTARTS.length] ?? DEFAULT_WORKER;
    restarts += 1;
    const clockSkewMs = counts.chosen.has("clock-skew") ? options.clockSkewMs : 0;
    if (clockSkewMs > 0) counts.increment("worker started with its clock 10 minutes ahead");
    if (clockSkewMs < 0) counts.increment("worker started with its clock 10 minutes behind");
    if (!counts.chosen.has("key-ring")) return { ...DEFAULT_WORKER, clockSkewMs };
    const keyRing = options.keyRing.join();
    if (keyRing !== (keyRings.get(worker) ?? DEFAULT_WORKER.keyRing.join())) counts.increment("key ring changed");
    keyRings.set(worker, keyRing);
    return { ...options, clockSkewMs };
  };
}
