import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import Database from "libsql";
import type { Commit, PageChange, Position } from "./page-change.ts";
import { WalReader } from "./wal-reader.ts";

/** Statements for every connection to a database that has a commit log: only the log may move pages out of the WAL. */
export const NO_CHECKPOINTS = "PRAGMA wal_autocheckpoint = 0";

/** As SQLite itself, which does it after 1 000 pages. */
const CHECKPOINT_BYTES = 4_000_000;
/** Followers that are further behind get a copy of the database. */
const KEPT_BYTES = 64_000_000;

/**
 * The latest commits of a database file, for followers. No other process may write to the file.
 *
 * The log reads them from SQLite's write-ahead log, so it costs the writers nothing, and knows the order and the exact
 * result of every transaction, changes of the schema included.
 */
export class CommitLog {
  readonly #database: Database.Database;
  readonly #allPages: Database.Statement;
  readonly #wal: WalReader;
  readonly #events = new EventEmitter().setMaxListeners(0);
  readonly #commits: Commit[] = [];
  #keptBytes = 0;
  /** Another one after each start of the process: a commit that was logged before may have been lost. */
  #log = newLog();
  #sequence = 0;
  /** True from a checkpoint of the log until SQLite writes the next commit at the beginning of the file. */
  #isEmptied: boolean;
  #isClosed = false;

  constructor(file: string) {
    this.#database = new Database(file, { timeout: 0 });
    this.#database.exec(`PRAGMA journal_mode = WAL; ${NO_CHECKPOINTS}`);
    this.#allPages = this.#database.prepare("SELECT pgno, data FROM sqlite_dbpage ORDER BY pgno").raw();
    // Creates the write-ahead log.
    this.#allPages.all([]);
    this.#wal = new WalReader(file);
    this.#wal.read();
    this.#isEmptied = this.#wal.size === 0;
  }

  /** Adds the commits since the last call. */
  capture(): void {
    if (this.#isClosed) return;
    const { isRestarted, commits } = this.#wal.read();
    if (isRestarted && !this.#isEmptied) {
      // Someone else has moved the pages out of the file, so commits may be missing.
      this.#startAnew();
    }
    this.#isEmptied &&= !isRestarted;
    const at = Date.now();
    for (const change of commits) {
      this.#sequence += 1;
      this.#keptBytes += sizeOf(change);
      this.#commits.push({ log: this.#log, sequence: this.#sequence, at, change });
    }
    while (this.#keptBytes > KEPT_BYTES && this.#commits.length > 1) {
      const oldest = this.#commits.shift();
      this.#keptBytes -= oldest === undefined ? 0 : sizeOf(oldest.change);
    }
    if (this.#wal.size > CHECKPOINT_BYTES) {
      this.#checkpoint();
    }
    if (commits.length > 0) {
      this.#events.emit("commit");
    }
  }

  /**
   * The commit after `position`, or a copy of the database if the log does not contain the position or that commit.
   *
   * @returns undefined if there is no later commit yet
   */
  next(position: Position | undefined): Commit | undefined {
    this.capture();
    const first = this.#sequence - this.#commits.length + 1;
    if (position?.log !== this.#log || position.sequence + 1 < first) {
      return this.#copy();
    }
    return this.#commits[position.sequence + 1 - first];
  }

  /** Fulfilled at the next commit, when the log is closed, or when `signal` aborts. */
  async grown(signal: AbortSignal): Promise<void> {
    if (this.#isClosed || signal.aborted) return;
    await once(this.#events, "commit", { signal }).catch(() => undefined);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    this.#isClosed = true;
    this.#events.emit("commit");
    this.#wal.close();
    this.#database.close();
  }

  #startAnew(): void {
    this.#log = newLog();
    this.#sequence = 0;
    this.#commits.length = 0;
    this.#keptBytes = 0;
  }

  #copy(): Commit {
    const pages = new Map(this.#allPages.all([]).map((row) => pageOf(row)));
    const pageSize = pages.get(1)?.length ?? 0;
    const change = { pageSize, pageCount: pages.size, pages };
    return { log: this.#log, sequence: this.#sequence, at: Date.now(), change };
  }

  /** Moves the pages into the database file. Does nothing while a stream has an open transaction. */
  #checkpoint(): void {
    this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    this.#isEmptied = this.#wal.size === 0;
  }
}

function newLog(): string {
  return randomBytes(8).toString("hex");
}

function sizeOf({ pageSize, pages }: PageChange): number {
  return pageSize * pages.size;
}

function pageOf(row: unknown): readonly [number, Uint8Array] {
  const [number, data]: readonly unknown[] = Array.isArray(row) ? row : [];
  if (typeof number !== "number" || !(data instanceof Uint8Array)) {
    throw new TypeError("Cannot copy the database: the libsql package did not return a page");
  }
  return [number, data];
}
