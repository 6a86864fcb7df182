import { type FaultProxy, faultProxy } from "../../../tools/fault-proxy/fault-proxy.ts";
import { buildWorker } from "../../../tools/workerd/build-worker.ts";
import { startWorker, type Worker } from "../../../tools/workerd/start-worker.ts";
import { type Authority, establishAuthority, TRUST_DOMAIN } from "./authority.ts";
import { type DatabaseProcess, startDatabase } from "./database.ts";

/** How a worker is started. */
export interface WorkerLife {
  /** How far its clock is ahead. */
  readonly clockSkewMs: number;
  /** Names of the keys in its ring, the primary one first. */
  readonly ring: readonly KeyName[];
}

type KeyName = "a" | "b" | "c";

export const PLAIN_LIFE: WorkerLife = { clockSkewMs: 0, ring: ["a", "b"] };

/** A worker's place: the process in it may change, its address does not. */
export interface Place {
  /** Between clients and the worker; its address is the place's. */
  readonly clients: FaultProxy;
  /** Between the worker and the database. */
  readonly database: FaultProxy;
  kill(): Promise<void>;
  start(life: WorkerLife): Promise<void>;
  /** Lines of the log that tell of errors, of all processes so far, oldest first; and who ended unasked. */
  complaints(): readonly string[];
  /** Requests that the worker gave up because their client had gone. */
  gone(): number;
}

/** Workers, database and all that is between them and the clients. */
export interface Edge {
  readonly authority: Authority;
  readonly database: DatabaseProcess;
  readonly places: readonly Place[];
  /** Versions kept of each secret. */
  readonly kept: number;
  close(): Promise<void>;
}

const KEPT_VERSIONS = 10;
const KEYS: Readonly<Record<KeyName, string>> = {
  a: `a:${Buffer.alloc(32, 0x11).toString("base64url")}`,
  b: `b:${Buffer.alloc(32, 0x22).toString("base64url")}`,
  c: `c:${Buffer.alloc(32, 0x33).toString("base64url")}`,
};

/** Starts them all, in `folder`. */
export async function startEdge(folder: string, workers: number): Promise<Edge> {
  const [database, authority, built] = await Promise.all([startDatabase(folder), establishAuthority(), buildWorker()]);
  const startIn = async (life: WorkerLife, url: string): Promise<Worker> =>
    await startWorker(
      built.folder,
      {
        LIBSQL_URL: url,
        SPIKE_ROOT_KEYS: life.ring.map((name) => KEYS[name]).join(","),
        SPIKE_TRUST_BUNDLES: JSON.stringify({ [TRUST_DOMAIN]: authority.bundle }),
        SPIKE_TRUST_ROOT_PILOT: TRUST_DOMAIN,
        SPIKE_NEXUS_MAX_SECRET_VERSIONS: String(KEPT_VERSIONS),
      },
      { clockSkewMs: life.clockSkewMs },
    );
  const places = await Promise.all(Array.from({ length: workers }, async () => await placeOn(database, startIn)));
  return {
    authority,
    database,
    places,
    kept: KEPT_VERSIONS,
    async close() {
      for (const place of places) {
        await place.kill();
        await Promise.all([place.clients.close(), place.database.close()]);
      }
      await database.kill();
      built.remove();
    },
  };
}

async function placeOn(
  target: DatabaseProcess,
  startIn: (life: WorkerLife, url: string) => Promise<Worker>,
): Promise<Place> {
  const database = await faultProxy(() => target.url());
  const complaints: string[] = [];
  let gone = 0;
  let worker = await startIn(PLAIN_LIFE, database.url);
  let wanted = true;
  const watch = async (started: Worker): Promise<void> => {
    wanted = true;
    await started.ended;
    if (wanted && started === worker) complaints.push("it ended unasked");
  };
  void watch(worker);
  const read = (): void => {
    const lines = worker.lines();
    complaints.push(...lines.filter(isComplaint));
    gone += lines.filter((line) => line.includes('"store_gone"')).length;
  };
  const clients = await faultProxy(() => worker.url);
  const kill = async (): Promise<void> => {
    if (!wanted) return;
    wanted = false;
    await worker.kill();
    read();
  };
  return {
    clients,
    database,
    kill,
    async start(life) {
      worker = await startIn(life, database.url);
      void watch(worker);
    },
    complaints: () => complaints,
    gone: () => gone,
  };
}

/** Failures of the database are part of the run; all else is not. */
function isComplaint(line: string): boolean {
  return (
    line.includes('"level":"error"') &&
    !/"reason":"store_(?:connection|status|malformed|busy|deadline|gone)"/.test(line)
  );
}
