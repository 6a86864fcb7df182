import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { endWithUs } from "../../../tools/command/end-with-us.ts";
import { spawnFollower } from "../../../tools/dev-database/follower/spawn-follower.ts";
import type { FollowerProcess } from "../../../tools/dev-database/follower/follower-types.ts";
import { applyMigrations } from "../../../tools/migrate/apply-migrations.ts";

export interface Replica {
  readonly follower: FollowerProcess;
  /** How far it lags without a fault. */
  readonly lagMs: number;
}

interface ReplicaOptions {
  /** Number of replicas. */
  readonly replicas: number;
  /** By default, some lag for longer than others. */
  readonly lagMs?: number | undefined;
}

/** A database server in its own process. */
export interface DatabaseProcess {
  readonly file: string;
  /** Each in its own process. They follow the server to its new address when it is started again. */
  readonly replicas: readonly Replica[];
  /** Changes with each start. */
  url(): string;
  /** Kills the process without warning; the file stays. */
  kill(): Promise<void>;
  /** Starts the process again, with the same file. */
  start(): Promise<void>;
  /** Holds the file's write lock for this long, as another writing process would. */
  lock(durationMs: number): Promise<void>;
  /** Serves a copy of the file, which later commits do not change. Replaces the previous copy. @returns its URL */
  serveCopy(): Promise<string>;
  /** Ends all processes. */
  close(): Promise<void>;
}

const COPY_SCRIPT = fileURLToPath(new URL("copy-process.ts", import.meta.url));
const LOCK_SCRIPT = fileURLToPath(new URL("lock-process.ts", import.meta.url));
const SERVER_SCRIPT = fileURLToPath(new URL("database-process.ts", import.meta.url));
/** Short enough that a lock causes SQLITE_BUSY. */
const BUSY_TIMEOUT_MS = 150;
/** In turn. The longer one is less than the bound, and more than most requests take. */
const LAGS_MS = [20, 400] as const;

interface Server {
  readonly url: string;
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

/** Starts a migrated database with its file in `folder`, and replicas of it. */
export async function startDatabase(folder: string, options: ReplicaOptions): Promise<DatabaseProcess> {
  const file = join(folder, "store.db");
  const role = options.replicas > 0 ? "followers" : "alone";
  let running = await startServer(file, role);
  let copy: Server | undefined;
  let copies = 0;
  await applyMigrations({ url: running.url });
  const replicas = await startReplicas(folder, { ...options, primaryUrl: running.url });
  return {
    file,
    replicas,
    url: () => running.url,
    async kill() {
      await kill(running);
    },
    async start() {
      running = await startServer(file, role);
      await Promise.all(replicas.map(async ({ follower }) => await follower.reconnect(running.url)));
    },
    async lock(durationMs) {
      // Waiting for the lock blocks the process, and all requests pass through this one.
      await runScript(LOCK_SCRIPT, [file, String(durationMs)]);
    },
    async serveCopy() {
      copies += 1;
      const copyFile = join(folder, `copy-${copies}.db`);
      await runScript(COPY_SCRIPT, [file, copyFile]);
      const previous = copy;
      copy = await startServer(copyFile, "alone");
      if (previous !== undefined) await kill(previous);
      return copy.url;
    },
    async close() {
      await Promise.all(replicas.map(async ({ follower }) => await follower.kill()));
      await kill(running);
      if (copy !== undefined) await kill(copy);
    },
  };
}

async function startReplicas(
  folder: string,
  { replicas, lagMs, primaryUrl }: ReplicaOptions & { readonly primaryUrl: string },
): Promise<readonly Replica[]> {
  return await Promise.all(
    Array.from({ length: replicas }, async (_, index) => {
      const file = join(folder, `replica-${index}.db`);
      const delayMs = lagMs ?? LAGS_MS[index % LAGS_MS.length] ?? 0;
      return { follower: await spawnFollower({ primaryUrl, file, delayMs }), lagMs: delayMs };
    }),
  );
}

async function startServer(file: string, role: "followers" | "alone"): Promise<Server> {
  const child = spawn(process.execPath, [SERVER_SCRIPT, file, String(BUSY_TIMEOUT_MS), role], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = endWithUs(child);
  const failed = once(child, "exit").then(() => {
    throw new Error("Cannot start the database: its process ended at once");
  });
  const line = once(createInterface({ input: child.stdout }), "line") as Promise<[string]>;
  const [url] = await Promise.race([line, failed]);
  failed.catch(() => undefined);
  return { url, child, ended };
}

async function kill({ child, ended }: Server): Promise<void> {
  child.kill("SIGKILL");
  await ended;
}

async function runScript(script: string, args: readonly string[]): Promise<void> {
  await endWithUs(spawn(process.execPath, [script, ...args], { stdio: ["ignore", "ignore", "inherit"] }));
}
