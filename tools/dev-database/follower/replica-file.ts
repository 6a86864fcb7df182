import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import type { PageChange } from "../commit-log/page-change.ts";

// https://www.sqlite.org/fileformat2.html#the_database_header
const WRITE_VERSION_AT = 18;
const READ_VERSION_AT = 19;
const ROLLBACK_JOURNAL = 1;
const CHANGE_COUNTER_AT = 24;
const VERSION_VALID_FOR_AT = 92;

/**
 * A database file in which pages are replaced without SQLite, because SQLite has no statement for that. This is safe
 * while no connection is in a transaction: the changed counter in the first page then makes each connection drop its
 * cached pages. The connections use a rollback journal, since a write-ahead log would hide the replaced pages.
 */
export class ReplicaFile {
  readonly #file: number;
  readonly #pageSize: number;
  #pageCount = 0;
  #changeCounter = 0;

  /** Replaces the file at `path`. */
  constructor(path: string, copy: PageChange) {
    for (const suffix of ["-wal", "-shm", "-journal"]) {
      rmSync(`${path}${suffix}`, { force: true });
    }
    this.#file = openSync(path, "w+", 0o600);
    this.#pageSize = copy.pageSize;
    this.apply(copy);
  }

  /** @returns the change that undoes this one */
  apply({ pageCount, pages }: PageChange): PageChange {
    const previousCount = this.#pageCount;
    const previous = new Map<number, Uint8Array>();
    if (!pages.has(1)) {
      // Its counter has to change.
      this.#replace(1, this.#read(1), previous);
    }
    for (const [number, page] of pages) {
      this.#replace(number, page, previous);
    }
    for (let number = pageCount + 1; number <= previousCount; number += 1) {
      previous.set(number, this.#read(number));
    }
    // The file keeps its length: the first page has the number of pages.
    this.#pageCount = pageCount;
    return { pageSize: this.#pageSize, pageCount: previousCount, pages: previous };
  }

  /** Only after the last connection is closed: closing the file releases SQLite's locks on it. */
  close(): void {
    closeSync(this.#file);
  }

  #replace(number: number, page: Uint8Array, previous: Map<number, Uint8Array>): void {
    if (number <= this.#pageCount) {
      const old = this.#read(number);
      // A copy of the database has every page, also the unchanged ones.
      if (number !== 1 && old.equals(page)) return;
      previous.set(number, old);
    }
    this.#write(number, page);
  }

  #read(number: number): Buffer {
    const page = Buffer.alloc(this.#pageSize);
    readSync(this.#file, page, 0, page.length, (number - 1) * this.#pageSize);
    return page;
  }

  #write(number: number, page: Uint8Array): void {
    writeSync(this.#file, number === 1 ? this.#firstPage(page) : page, 0, page.length, (number - 1) * this.#pageSize);
  }

  #firstPage(page: Uint8Array): Buffer {
    const first = Buffer.from(page);
    first[WRITE_VERSION_AT] = ROLLBACK_JOURNAL;
    first[READ_VERSION_AT] = ROLLBACK_JOURNAL;
    this.#changeCounter += 1;
    first.writeUInt32BE(this.#changeCounter, CHANGE_COUNTER_AT);
    first.writeUInt32BE(this.#changeCounter, VERSION_VALID_FOR_AT);
    return first;
  }
}
