import { type FaultProxy, faultProxy } from "../../../tools/fault-proxy/fault-proxy.ts";
import { buildWorker } from "../../../tools/workerd/build-worker.ts";
import { startWorker, type Worker } from "../../../tools/workerd/start-worker.ts";
import { type Authority, createAuthority, TRUST_DOMAIN } from "./authority.ts";
import type { ExternalDatabase } from "../../../test/harness/external-database.ts";
import { type ClusterDatabase, openDatabase } from "./cluster-database.ts";

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
  /** The proxy between the worker and the database. */
  readonly databaseProxy: FaultProxy;
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

interface ClusterOptions {
  /** Scratch folder for the database file. */
  readonly folder: string;
  readonly workers: number;
  readonly database?: ExternalDatabase | undefined;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const [database, authority, built] = await Promise.all([openDatabase(options), createAuthority(), buildWorker()]);
  const maxVersions = Array.from({ length: options.workers }, (_, index) => MAX_VERSIONS[index % 2] ?? MAX_VERSIONS[0]);
  const start: StartWorker = async ({ keyRing, clockSkewMs }, { databaseUrl, onLine, index }) =>
    await startWorker(
      built.folder,
      {
        LIBSQL_URL: databaseUrl,
        SPIKE_ROOT_KEYS: keyRing.map((name) => ROOT_KEYS[name]).join(","),
        SPIKE_TRUST_BUNDLES: JSON.stringify({ [TRUST_DOMAIN]: authority.bundle }),
        SPIKE_TRUST_ROOT_PILOT: TRUST_DOMAIN,
        SPIKE_NEXUS_MAX_SECRET_VERSIONS: String(maxVersions[index]),
        SPIKE_REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS),
      },
      { clockSkewMs, onLine },
    );
  const workers = await Promise.all(maxVersions.map(async (_, index) => await addWorker(database, start, index)));
  return {
    authority,
    database,
    workers,
    maxVersions,
    async close() {
      for (const worker of workers) {
        await worker.kill();
        await Promise.all([worker.clientProxy.close(), worker.databaseProxy.close()]);
      }
      await database.close();
      built.remove();
    },
  };
}

type StartWorker = (
  options: WorkerOptions,
  connections: { readonly index: number; readonly databaseUrl: string; readonly onLine: (line: string) => void },
) => Promise<Worker>;

async function addWorker(database: ClusterDatabase, start: StartWorker, index: number): Promise<ClusterWorker> {
  const databaseProxy = await faultProxy(() => database.url());
  const unexpectedErrors: string[] = [];
  let abortedRequests = 0;
  let loggedLines = 0;
  // Read line by line: the process keeps only the latest lines of its log.
  const onLine = (line: string): void => {
    loggedLines += 1;
    if (line.includes('"store_gone"')) abortedRequests += 1;
    if (isUnexpectedError(line)) unexpectedErrors.push(line);
  };
  const connections = { index, databaseUrl: databaseProxy.url, onLine };
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
    clientProxy,
    databaseProxy,
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

/** Database failures are injected; any other error is unexpected. */
function isUnexpectedError(line: string): boolean {
  return (
    line.includes('"level":"error"') &&
    !/"reason":"store_(?:connection|status|malformed|busy|deadline|gone)"/.test(line)
  );
}
