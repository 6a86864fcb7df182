import { CommitLog, NO_CHECKPOINTS } from "./commit-log/commit-log.ts";
import { Pool } from "./pool.ts";
import { serve, type ServedDatabase, type ServeOptions } from "./serve.ts";

export interface DevDatabaseOptions extends ServeOptions {
  /** Path of the database file. The server creates the file but not its folder. */
  readonly file: string;
  /** Allows followers to copy the commits from now on. */
  readonly followers?: boolean | undefined;
}

export type DevDatabase = ServedDatabase;

// In WAL mode readers and the writer do not block each other. `synchronous` stays FULL: with NORMAL a power failure can
// lose acknowledged commits.
const SETUP = "PRAGMA journal_mode = WAL";

/**
 * Serves one SQLite file to libSQL clients on this machine: Hrana over HTTP in JSON, at `/v2/pipeline` and `/v3/pipeline`.
 *
 * Two limits come from the `libsql` package: it reads text up to the first NUL, and text that is not UTF-8 ends the
 * process. Do not open the file elsewhere in the same process: closing it there drops SQLite's locks.
 *
 * @throws Node's own error, with `code` EADDRINUSE, if the port is in use.
 */
export async function startDevDatabase(options: DevDatabaseOptions): Promise<DevDatabase> {
  const { file, followers = false } = options;
  const pool = openPool(file, followers ? `${SETUP}; ${NO_CHECKPOINTS}` : SETUP);
  return await serve(pool, { ...options, commitLog: followers ? new CommitLog(file) : undefined });
}

function openPool(file: string, setup: string): Pool {
  try {
    return new Pool(file, setup);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown error";
    throw new Error(`Cannot open the database "${file}": ${reason}`, { cause: error });
  }
}
