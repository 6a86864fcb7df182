import { type FaultProxy, faultProxy } from "../../../tools/fault-proxy/fault-proxy.ts";
import { buildWorker } from "../../../tools/workerd/build-worker.ts";
import { startWorker, type Worker } from "../../../tools/workerd/start-worker.ts";
import { type Authority, createAuthority, TRUST_DOMAIN } from "./authority.ts";
import type { Route } from "../history/history.ts";
import { type ClusterDatabase, type DatabaseOptions, openDatabase } from "./cluster-database.ts";
import { databaseSettings } from "./routes.ts";

type KeyName = "a" | "b" | "c";

export interface WorkerOptions {
  /** How far the worker's clock is ahead. */
  readonly clockSkewMs: number;
  /** Names of the root keys, the primary key first. */
  readonly keyRing: readonly KeyName[];
}

export const DEFAULT_WORKER: WorkerOptions = { clockSkewMs: 0, keyRing: ["a", "b"] };

/** A worker at a fixed address, whose process can be replaced. */
export interface ClusterWorker {
  /** The proxy between the clients and the worker. Its address is the worker's. */
  readonly clientProxy: FaultProxy;
  readonly route: Route;
  /** The proxy between the worker and the database, or the replica that stands for it. */
  readonly databaseProxy: FaultProxy;
  /** The proxy between the worker and the replica that it loads from. */
  readonly replicaProxy: FaultProxy;
  kill(): Promise<void>;
  start(options: WorkerOptions): Promise<void>;
  /** Logged errors that no injected fault explains, and unexpected exits. Complete once the worker is killed. */
  unexpectedErrors(): readonly string[];
  /** Number of requests that the worker aborted because the client had disconnected. Complete once the worker is killed. */
  abortedRequests(): number;
  /** Number of lines that the worker has logged. Complete once the worker is killed. */
  loggedLines(): number;
}

/** A database, workers, and proxies on every connection. */
export interface Cluster {
  readonly authority: Authority;
  readonly database: ClusterDatabase;
  readonly workers: readonly ClusterWorker[];
  /** Number of versions that a new secret keeps, by the worker that creates it. */
  readonly maxVersions: readonly number[];
  close(): Promise<void>;
}

/** Workers have different settings: the one that creates a secret decides for good. */
const MAX_VERSIONS = [10, 7] as const;
/** The deadline of each request, after its arrival at a worker. */
export const REQUEST_TIMEOUT_MS = 8000;
const ROOT_KEYS: Readonly<Record<KeyName, string>> = {
  a: `a:${Buffer.alloc(32, 0x11).toString("base64url")}`,
  b: `b:${Buffer.alloc(32, 0x22).toString("base64url")}`,
  c: `c:${Buffer.alloc(32, 0x33).toString("base64url")}`,
};

interface ClusterOptions extends DatabaseOptions {
  /** By worker. */
  readonly routes: readonly Route[];
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const [database, authority, built] = await Promise.all([openDatabase(options), createAuthority(), buildWorker()]);
  const maxVersions = options.routes.map((_, index) => MAX_VERSIONS[index % 2] ?? MAX_VERSIONS[0]);
  const start: StartWorker = async ({ keyRing, clockSkewMs }, { settings, onLine, index }) =>
    await startWorker(
      built.folder,
      {
        ...settings,
        SPIKE_ROOT_KEYS: keyRing.map((name) => ROOT_KEYS[name]).join(","),
        SPIKE_TRUST_BUNDLES: JSON.stringify({ [TRUST_DOMAIN]: authority.bundle }),
        SPIKE_TRUST_ROOT_PILOT: TRUST_DOMAIN,
        SPIKE_NEXUS_MAX_SECRET_VERSIONS: String(maxVersions[index]),
        SPIKE_REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS),
      },
      { clockSkewMs, onLine },
    );
  const workers = await Promise.all(
    options.routes.map(async (route, index) => await addWorker(database, start, { route, index })),
  );
  return {
    authority,
    database,
    workers,
    maxVersions,
    async close() {
      for (const worker of workers) {
        await worker.kill();
        await Promise.all(
          [worker.clientProxy, worker.databaseProxy, worker.replicaProxy].map((proxy) => proxy.close()),
        );
      }
      await database.close();
      built.remove();
    },
  };
}

type StartWorker = (
  options: WorkerOptions,
  connections: {
    readonly index: number;
    readonly settings: Readonly<Record<string, string>>;
    readonly onLine: (line: string) => void;
  },
) => Promise<Worker>;

async function addWorker(
  database: ClusterDatabase,
  start: StartWorker,
  { route, index }: { readonly route: Route; readonly index: number },
): Promise<ClusterWorker> {
  const replica = replicaOf(database, { route, index });
  const databaseProxy = await faultProxy(route === "through-replica" ? replica : () => database.url());
  const replicaProxy = await faultProxy(replica);
  const unexpectedErrors: string[] = [];
  let abortedRequests = 0;
  let loggedLines = 0;
  // Read line by line: the process keeps only the latest lines of its log.
  const onLine = (line: string): void => {
    loggedLines += 1;
    if (line.includes('"store_gone"')) abortedRequests += 1;
    if (isUnexpectedError(line)) unexpectedErrors.push(line);
  };
  const settings = databaseSettings(route, {
    databaseUrl: databaseProxy.url,
    replicaUrl: replicaProxy.url,
    storeId: database.storeId,
  });
  const connections = { index, settings, onLine };
  let current = await start(DEFAULT_WORKER, connections);
  let isRunning = true;
  const reportExit = async (worker: Worker): Promise<void> => {
    isRunning = true;
    await worker.ended;
    if (isRunning && worker === current) unexpectedErrors.push("The process ended unexpectedly");
  };
  void reportExit(current);
  const clientProxy = await faultProxy(() => current.url);
  return {
    route,
    clientProxy,
    databaseProxy,
    replicaProxy,
    async kill() {
      if (!isRunning) return;
      isRunning = false;
      await current.kill();
    },
    async start(options) {
      current = await start(options, connections);
      void reportExit(current);
    },
    unexpectedErrors: () => unexpectedErrors,
    abortedRequests: () => abortedRequests,
    loggedLines: () => loggedLines,
  };
}

/** Chooses the replica of a request. Workers that load from replicas all the time alternate between them. */
function replicaOf(
  database: ClusterDatabase,
  { route, index }: { readonly route: Route; readonly index: number },
): () => string {
  const { replicaUrls } = database;
  let next = index;
  return () => {
    if (route !== "replica-writes") next += 1;
    return replicaUrls[next % replicaUrls.length] ?? database.url();
  };
}

/** Database failures are injected; any other error is unexpected. */
function isUnexpectedError(line: string): boolean {
  return (
    line.includes('"level":"error"') &&
    !/"reason":"store_(?:connection|timeout|status|malformed|busy|replica|deadline|gone)"/.test(line)
  );
}
