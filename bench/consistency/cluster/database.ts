import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { endWithUs } from "../../../tools/command/end-with-us.ts";
import { applyMigrations } from "../../../tools/migrate/apply-migrations.ts";

/** A database server in its own process. */
export interface DatabaseProcess {
  readonly file: string;
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

interface Server {
  readonly url: string;
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

/** Starts a migrated database with its file in `folder`. */
export async function startDatabase(folder: string): Promise<DatabaseProcess> {
  const file = join(folder, "store.db");
  let running = await startServer(file);
  let copy: Server | undefined;
  let copies = 0;
  await applyMigrations({ url: running.url });
  return {
    file,
    url: () => running.url,
    async kill() {
      await kill(running);
    },
    async start() {
      running = await startServer(file);
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
      copy = await startServer(copyFile);
      if (previous !== undefined) await kill(previous);
      return copy.url;
    },
    async close() {
      await kill(running);
      if (copy !== undefined) await kill(copy);
    },
  };
}

async function startServer(file: string): Promise<Server> {
  const child = spawn(process.execPath, [SERVER_SCRIPT, file, String(BUSY_TIMEOUT_MS)], {
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
