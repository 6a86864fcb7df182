import { setTimeout as delay } from "node:timers/promises";
import type { Follower } from "../dev-database/follower/follower-types.ts";
import { startFollower } from "../dev-database/follower/start-follower.ts";
import { startDevDatabase } from "../dev-database/server.ts";
import { devFolder, prepareDevFolder } from "../dev/dev-folder.ts";
import { type DevIdentity, establishIdentity } from "../dev/identity.ts";
import { readStore } from "../dev/read-store.ts";
import { drawRootKey, establishSecrets } from "../dev/secrets.ts";
import { replicaSettings, workerSettings } from "../dev/worker-settings.ts";
import { applyMigrations } from "../migrate/apply-migrations.ts";
import { buildWorker } from "../workerd/build-worker.ts";
import { startWorker, type Worker } from "../workerd/start-worker.ts";

/** Identifies one of the two workers. The replacement of a killed worker has the same number. */
export type WorkerNumber = 1 | 2;

/** The worker that `startReplica` starts, beside a replica of the database. */
export const NEAR_WORKER = 3;

export type AnyWorker = WorkerNumber | typeof NEAR_WORKER;

export const WORKERS: readonly WorkerNumber[] = [1, 2];

export function otherWorker(worker: WorkerNumber): WorkerNumber {
  return worker === 1 ? 2 : 1;
}

/** Two workers over one database, and the authority that issues their callers' tokens. */
export interface Cluster {
  readonly identity: DevIdentity;
  urlOf(worker: AnyWorker): string;
  /** Kills a worker with SIGKILL, even while it handles requests. */
  kill(worker: WorkerNumber): Promise<void>;
  /** Starts a replacement for a killed worker. */
  replace(worker: WorkerNumber): Promise<void>;
  /** Sets the root keys of workers that are started from now on, the first key in front. */
  useKeys(names: readonly ("old" | "new")[]): void;
  /** Starts a replica of the database, and the near worker, which answers reads from it. */
  startReplica(): Promise<Replica>;
  /** Stops everything. Afterwards no process is running and no port is open. */
  close(): Promise<void>;
}

/** A replica of the database. */
interface Replica {
  /** Fulfilled when it has applied the commit with that revision. */
  applied(revision: number): Promise<void>;
  /** Ends its connection to the database. */
  cutOff(): Promise<void>;
}

/** ID of the key that replaces the initial root key. */
export const NEW_KEY = "demo2";

const POLL_MS = 5;

const SETTINGS = {
  // Higher than the number of versions the demo writes, because it reads all of them at the end.
  SPIKE_NEXUS_MAX_SECRET_VERSIONS: "10000",
  // Allows for a busy machine: the demo does not measure speed.
  SPIKE_REQUEST_TIMEOUT_MS: "20000",
};

/**
 * Starts a cluster on free ports, with new keys and an empty database below `dir`.
 *
 * @throws the reason of `signal` if it aborts
 */
export async function startCluster(dir: string, signal: AbortSignal): Promise<Cluster> {
  const folder = devFolder(dir);
  await prepareDevFolder(folder);
  const identity = await establishIdentity(folder);
  const secrets = await establishSecrets(folder);
  const authToken = secrets.databaseToken;
  const database = await startDevDatabase({ file: folder.database, authToken, followers: true });
  const started: Worker[] = [];
  let follower: Follower | undefined;
  const close = async (): Promise<void> => {
    await Promise.all(started.map(async (worker) => await worker.kill()));
    await follower?.close();
    await database.close();
  };
  try {
    await applyMigrations({ url: database.url, authToken });
    const settings = workerSettings({ databaseUrl: database.url, bundle: identity.bundle, secrets }, SETTINGS);
    const built = await buildWorker();
    signal.throwIfAborted();
    const keys = { old: secrets.rootKeys, new: drawRootKey(NEW_KEY) };
    let ring = [keys.old];
    const start = async (more: Readonly<Record<string, string>> = {}): Promise<Worker> => {
      const worker = await startWorker(built.folder, {
        ...settings,
        ...more,
        SPIKE_ROOT_KEYS: ring.join(","),
      });
      started.push(worker);
      return worker;
    };
    const workers: Record<WorkerNumber, Worker> & Partial<Record<AnyWorker, Worker>> = {
      1: await start(),
      2: await start(),
    };
    return {
      identity,
      urlOf: (worker) => workers[worker]?.url ?? "",
      kill: async (worker) => await workers[worker].kill(),
      async replace(worker) {
        workers[worker] = await start();
      },
      useKeys(names) {
        ring = names.map((name) => keys[name]);
      },
      async startReplica() {
        const started = await startFollower({ primaryUrl: database.url, file: folder.replica, authToken });
        follower = started;
        const { url } = started;
        const read = async (column: "store_id" | "revision"): Promise<string | number> =>
          await readStore({ url, authToken }, column);
        workers[NEAR_WORKER] = await start(replicaSettings(url, String(await read("store_id"))));
        return {
          cutOff: async () => await started.cutOff(),
          async applied(revision) {
            while (Number(await read("revision")) < revision) await delay(POLL_MS, undefined, { signal });
          },
        };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
