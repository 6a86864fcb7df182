import { startDevDatabase } from "../dev-database/server.ts";
import { devFolder, prepareDevFolder } from "../dev/dev-folder.ts";
import { type DevIdentity, establishIdentity } from "../dev/identity.ts";
import { drawRootKey, establishSecrets } from "../dev/secrets.ts";
import { workerSettings } from "../dev/worker-settings.ts";
import { applyMigrations } from "../migrate/apply-migrations.ts";
import { buildWorker } from "../workerd/build-worker.ts";
import { startWorker, type Worker } from "../workerd/start-worker.ts";

/** One of the two workers. A worker that takes its place has its number too. */
export type WorkerNumber = 1 | 2;

export const WORKERS: readonly WorkerNumber[] = [1, 2];

/** The worker that is not this one. */
export function other(worker: WorkerNumber): WorkerNumber {
  return worker === 1 ? 2 : 1;
}

/** Two real workers over one real database, and the authority that their callers' identities come from. */
export interface Edge {
  readonly identity: DevIdentity;
  urlOf(worker: WorkerNumber): string;
  /** Ends a worker at once, in the middle of whatever it does. */
  kill(worker: WorkerNumber): Promise<void>;
  /** Starts a new worker in the place of one that was killed. */
  replace(worker: WorkerNumber): Promise<void>;
  /** Root keys of workers that are started from now on, the first one in front. */
  useKeys(names: readonly ("old" | "new")[]): void;
  /** Ends all. Nothing runs or listens any more when this is fulfilled. */
  close(): Promise<void>;
}

/** The key that takes the place of the one of before. */
export const NEW_KEY = "demo2";

const SETTINGS = {
  // More than the demo writes: all of it should be there to be looked at.
  SPIKE_NEXUS_MAX_SECRET_VERSIONS: "10000",
  // For busy machines: this is not about speed.
  SPIKE_REQUEST_TIMEOUT_MS: "20000",
};

/** Starts all on free ports, with new keys and an empty database below `dir`; throws the reason of `signal` if it aborts. */
export async function startEdge(dir: string, signal: AbortSignal): Promise<Edge> {
  const folder = devFolder(dir);
  await prepareDevFolder(folder);
  const identity = await establishIdentity(folder);
  const secrets = await establishSecrets(folder);
  const authToken = secrets.databaseToken;
  const database = await startDevDatabase({ file: folder.database, authToken });
  const running: Worker[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(running.map(async (worker) => await worker.kill()));
    await database.close();
  };
  try {
    await applyMigrations({ url: database.url, authToken });
    const settings = workerSettings({ databaseUrl: database.url, bundle: identity.bundle, secrets }, SETTINGS);
    const built = await buildWorker();
    signal.throwIfAborted();
    const keys = { old: secrets.rootKeys, new: drawRootKey(NEW_KEY) };
    let ring = [keys.old];
    const start = async (): Promise<Worker> => {
      const worker = await startWorker(built.folder, {
        ...settings,
        SPIKE_ROOT_KEYS: ring.join(","),
      });
      running.push(worker);
      return worker;
    };
    const places = { 1: await start(), 2: await start() };
    return {
      identity,
      urlOf: (worker) => places[worker].url,
      kill: async (worker) => await places[worker].kill(),
      async replace(worker) {
        places[worker] = await start();
      },
      useKeys(names) {
        ring = names.map((name) => keys[name]);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
