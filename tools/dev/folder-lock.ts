import { rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import Database from "libsql";
import { CommandError } from "../command/command-error.ts";
import type { DevFolder } from "./dev-folder.ts";
import { readIfAny, replacePrivateFile } from "./private-file.ts";

/** How long to wait for the holder's addresses: it may have taken the lock at this moment. */
const ADDRESS_MS = 1_000;
const PAUSE_MS = 50;

/** The command that uses the folder. */
interface Holder {
  readonly pid: number;
  readonly addresses: readonly string[];
}

/**
 * Reserves the folder for this process, so that there is one server for its database. `addresses` are for the user who starts
 * a second one.
 *
 * The lock is SQLite's lock on an empty database. The system releases it when the process ends, even by SIGKILL, so it cannot
 * become stale. Do not open the file elsewhere in the same process: closing it there drops the lock.
 *
 * @returns a function that releases the folder.
 * @throws CommandError with exit code 1 if another process uses the folder
 */
export async function lockDevFolder(folder: DevFolder, addresses: readonly string[]): Promise<() => Promise<void>> {
  const lock = tryLock(folder.lock);
  if (lock === undefined) throw await inUse(folder);
  try {
    const holder: Holder = { pid: process.pid, addresses };
    await replacePrivateFile(folder.lockHolder, `${JSON.stringify(holder)}\n`);
  } catch (error) {
    lock.close();
    throw error;
  }
  return async () => {
    await rm(folder.lockHolder, { force: true });
    lock.close();
  };
}

function tryLock(file: string): Database.Database | undefined {
  const database = new Database(file, { timeout: 0 });
  try {
    // Nothing is written, so no journal is needed.
    database.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if (error instanceof Error && "code" in error && error.code === "SQLITE_BUSY") return undefined;
    throw error;
  }
}

async function inUse(folder: DevFolder): Promise<CommandError> {
  const addresses = (await findHolder(folder))?.addresses.join(", ") ?? "it has not written its addresses yet";
  const message = `Cannot use "${folder.dir}": another "npm run dev" or "npm run dev:database" uses it (${addresses}); stop it, or choose another folder with --dir`;
  return new CommandError(message, { exitCode: 1 });
}

/** Ignores the file of a process that was killed. */
async function findHolder({ lockHolder }: DevFolder): Promise<Holder | undefined> {
  const end = Date.now() + ADDRESS_MS;
  for (;;) {
    const holder = parseHolder((await readIfAny(lockHolder)) ?? "");
    if (holder !== undefined && isRunning(holder.pid)) return holder;
    if (Date.now() > end) return undefined;
    await pause(PAUSE_MS);
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    const { pid, addresses } = holder ?? {};
    return typeof pid === "number" && Array.isArray(addresses) ? { pid, addresses } : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
