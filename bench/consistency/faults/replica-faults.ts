import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "@libsql/client";
import type { Cluster } from "../cluster/cluster.ts";
import type { Replica } from "../cluster/database.ts";
import { MAX_STALENESS_MS } from "../cluster/routes.ts";
import type { Random } from "../random.ts";
import type { FaultCounter, FaultCounts, FaultName } from "./fault-counts.ts";

interface ReplicaFault {
  readonly name: FaultName;
  inject(): Promise<void>;
}

/** A replica of the real server goes back by up to 24 revisions for about 250 ms when its primary is killed. */
const MAX_UNDONE = 24;
const SET_BACK_MS = 250;
/** Much longer than the bound, so that the replica is used while it is too old. */
const BEYOND_BOUND_MS = 2 * MAX_STALENESS_MS;

/** Faults of one replica at a time. A fault counts if the replica was then behind its primary. */
export function replicaFaults(cluster: Cluster, counts: FaultCounts, random: Random): readonly ReplicaFault[] {
  const replicas = cluster.database.process?.replicas ?? [];
  const countIfBehind = async ({ follower }: Replica, counter: FaultCounter): Promise<void> => {
    const urls = [cluster.database.url(), follower.url];
    const [primaryRevision = 0, revision = 0] = await Promise.all(urls.map(revisionOf));
    if (revision < primaryRevision) counts.increment(counter);
  };
  const lag = async (replica: Replica): Promise<void> => {
    await replica.follower.setDelay(BEYOND_BOUND_MS);
    await pause(BEYOND_BOUND_MS);
    await countIfBehind(replica, "replica lagging for longer than the bound");
    await replica.follower.setDelay(replica.lagMs);
  };
  const stop = async (replica: Replica): Promise<void> => {
    await replica.follower.pause();
    await pause(BEYOND_BOUND_MS);
    await countIfBehind(replica, "replica paused for longer than the bound");
    await replica.follower.resume();
  };
  const cutOff = (durationMs: number, counter: FaultCounter) => async (replica: Replica) => {
    await replica.follower.cutOff();
    await pause(durationMs);
    await countIfBehind(replica, counter);
    await replica.follower.reconnect();
  };
  const setBack = async (replica: Replica): Promise<void> => {
    const undone = await replica.follower.setBack(1 + random.below(MAX_UNDONE), SET_BACK_MS);
    if (undone > 0) counts.increment("replica set back");
  };
  const kill = async (replica: Replica): Promise<void> => {
    await replica.follower.kill();
    await replica.follower.start(cluster.database.url());
    counts.increment("replica killed and replaced by a new copy");
  };
  const faults: readonly (readonly [FaultName, (replica: Replica) => Promise<void>])[] = [
    ["replica-set-back", setBack],
    ["replica-paused", stop],
    ["replica-cut-off", cutOff(MAX_STALENESS_MS / 2, "replica cut off for less than the bound")],
    ["replica-lag", lag],
    ["replica-killed", kill],
    ["replica-cut-off", cutOff(BEYOND_BOUND_MS, "replica cut off for longer than the bound")],
  ];
  return faults.map(([name, change]) => ({ name, inject: async () => await change(random.pick(replicas)) }));
}

/** Sets replicas back when their primary was killed and is started again. */
export async function setBackAfterKill({ database }: Cluster, counts: FaultCounts, random: Random): Promise<void> {
  if (!counts.chosen.has("replica-set-back")) return;
  const undone = await Promise.all(
    (database.process?.replicas ?? []).map(async (replica) =>
      random.chance(0.5) ? await replica.follower.setBack(1 + random.below(MAX_UNDONE), SET_BACK_MS) : 0,
    ),
  );
  if (undone.some((commits) => commits > 0)) counts.increment("replica set back after its primary was killed");
}

async function revisionOf(url: string): Promise<number> {
  const client = createClient({ url });
  try {
    const { rows } = await client.execute("SELECT revision FROM store");
    return Number(rows[0]?.["revision"]);
  } finally {
    client.close();
  }
}
