import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { endWithUs } from "../../../tools/command/end-with-us.ts";
import { applyMigrations } from "../../../tools/migrate/apply-migrations.ts";

/** A database server in a process of its own. */
export interface DatabaseProcess {
  readonly file: string;
  /** Changes with each start. */
  url(): string;
  /** Ends it at once, in the middle of whatever it does; the file stays. */
  kill(): Promise<void>;
  /** Starts it again, on the same file. */
  start(): Promise<void>;
  /** Keeps all writers out for so long, as another process would that writes. */
  lock(ms: number): Promise<void>;
}

const LOCKER = fileURLToPath(new URL("lock-process.ts", import.meta.url));
const SERVER = fileURLToPath(new URL("database-process.ts", import.meta.url));
/** Short, so that a lock shows as SQLITE_BUSY. */
const BUSY_TIMEOUT_MS = 150;

/** Starts a migrated database below `folder`. */
export async function startDatabase(folder: string): Promise<DatabaseProcess> {
  const file = join(folder, "store.db");
  let running: { readonly url: string; readonly child: ChildProcess; readonly gone: Promise<void> } | undefined;
  const start = async (): Promise<void> => {
    const child = spawn(process.execPath, [SERVER, file, String(BUSY_TIMEOUT_MS)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const gone = endWithUs(child);
    const failed = once(child, "exit").then(() => {
      throw new Error("Cannot start the database: it ended at once");
    });
    const line = once(createInterface({ input: child.stdout }), "line") as Promise<[string]>;
    const [url] = await Promise.race([line, failed]);
    failed.catch(() => undefined);
    running = { url, child, gone };
  };
  await start();
  await applyMigrations({ url: running?.url ?? "" });
  return {
    file,
    url: () => running?.url ?? "",
    async kill() {
      running?.child.kill("SIGKILL");
      await running?.gone;
    },
    start,
    async lock(ms) {
      // Not in this process, which all requests pass through: waiting for the lock would stop them too.
      const child = spawn(process.execPath, [LOCKER, file, String(ms)], { stdio: ["ignore", "ignore", "inherit"] });
      await endWithUs(child);
    },
  };
}
