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
}

const LOCK_SCRIPT = fileURLToPath(new URL("lock-process.ts", import.meta.url));
const SERVER_SCRIPT = fileURLToPath(new URL("database-process.ts", import.meta.url));
/** Short enough that a lock causes SQLITE_BUSY. */
const BUSY_TIMEOUT_MS = 150;

/** Starts a migrated database with its file in `folder`. */
export async function startDatabase(folder: string): Promise<DatabaseProcess> {
  const file = join(folder, "store.db");
  let running: { readonly url: string; readonly child: ChildProcess; readonly ended: Promise<void> } | undefined;
  const start = async (): Promise<void> => {
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
    running = { url, child, ended };
  };
  await start();
  await applyMigrations({ url: running?.url ?? "" });
  return {
    file,
    url: () => running?.url ?? "",
    async kill() {
      running?.child.kill("SIGKILL");
      await running?.ended;
    },
    start,
    async lock(durationMs) {
      // Waiting for the lock blocks the process, and all requests pass through this one.
      const args = [LOCK_SCRIPT, file, String(durationMs)];
      await endWithUs(spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] }));
    },
  };
}
