import { appendFileSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../dev/temporary-folder.fixture.ts";
import { CommitLog } from "./commit-log.ts";
import type { Commit, Position } from "./page-change.ts";

const FRAME_BYTES = 24 + 4096;

/** A log, and another connection to its database that never checkpoints. */
function loggedDatabase() {
  const file = join(temporaryFolder(), "test.db");
  const log = new CommitLog(file);
  const database = new Database(file, { timeout: 0 });
  database.exec("PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)");
  onTestFinished(() => {
    log.close();
    database.close();
  });
  return { log, database, file };
}

function commitsAfter(log: CommitLog, position: Position): readonly Commit[] {
  const commits: Commit[] = [];
  for (let next = log.next(position); next !== undefined; next = log.next(next)) commits.push(next);
  return commits;
}

/** A copy of the database in `log`. */
function copyOf(log: CommitLog): Commit {
  const copy = log.next(undefined);
  if (copy === undefined) throw new Error("the log has no copy");
  return copy;
}

test("has each transaction as one commit, in order", () => {
  const { log, database } = loggedDatabase();
  const start = copyOf(log);
  expect(start.change.pages.size).toBe(start.change.pageCount);
  expect(log.next(start)).toBeUndefined();
  database.exec("INSERT INTO t VALUES (1, zeroblob(10)); BEGIN; INSERT INTO t VALUES (2, zeroblob(30000));");
  const [first, ...others] = commitsAfter(log, start);
  expect(first).toMatchObject({ log: start.log, sequence: start.sequence + 1, change: { pageCount: 2 } });
  expect(others).toEqual([]);
  database.exec("DELETE FROM t WHERE a = 1; COMMIT; INSERT INTO t VALUES (3, x'00')");
  const later = commitsAfter(log, start);
  expect(later.map(({ sequence }) => sequence - start.sequence)).toEqual([1, 2, 3]);
  expect(later[1]?.change.pages.size).toBeGreaterThan(7);
});

test("has no page of a transaction that was rolled back, even if SQLite has already written it", () => {
  const { log, database, file } = loggedDatabase();
  const start = copyOf(log);
  database.exec("PRAGMA cache_size = 5; BEGIN");
  for (let count = 0; count < 50; count += 1) database.exec("INSERT INTO t (b) VALUES (randomblob(4000))");
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(100_000);
  expect(log.next(start)).toBeUndefined();
  database.exec("ROLLBACK; INSERT INTO t VALUES (7, x'07')");
  const commits = commitsAfter(log, start);
  expect(commits).toHaveLength(1);
  expect(commits[0]?.change.pages.size).toBeLessThan(5);
});

test("ignores a commit that a killed process has not written completely", () => {
  const { log, database, file } = loggedDatabase();
  database.exec("INSERT INTO t VALUES (1, x'01')");
  const start = copyOf(log);
  const wal = readFileSync(`${file}-wal`);
  // SQLite writes the header of a frame before its page.
  const torn = Buffer.from(wal.subarray(-FRAME_BYTES));
  torn.fill(0xff, 24);
  appendFileSync(`${file}-wal`, torn);
  expect(log.next(start)).toBeUndefined();
  database.exec("INSERT INTO t VALUES (2, x'02')");
  expect(commitsAfter(log, start)).toHaveLength(1);
});

test("keeps its commits when it empties the write-ahead log", () => {
  const { log, database, file } = loggedDatabase();
  const start = copyOf(log);
  for (let count = 0; count < 30; count += 1) {
    database.exec("INSERT INTO t (b) VALUES (zeroblob(300000))");
    log.capture();
    expect(statSync(`${file}-wal`).size).toBeLessThan(4_500_000);
  }
  expect(statSync(file).size).toBeGreaterThan(4_000_000);
  expect(commitsAfter(log, start).map(({ log: id, sequence }) => [id, sequence - start.sequence])).toEqual(
    Array.from({ length: 30 }, (_, index) => [start.log, index + 1]),
  );
});

test("starts anew when another connection has emptied the write-ahead log", () => {
  const { log, database } = loggedDatabase();
  const start = copyOf(log);
  database.exec("INSERT INTO t VALUES (1, NULL); PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t VALUES (2, NULL)");
  const copy = log.next(start);
  expect(copy?.log).not.toBe(start.log);
  expect(copy?.change.pages.size).toBe(copy?.change.pageCount);
});

test("has another identity after each start", () => {
  const { log, file } = loggedDatabase();
  const second = new CommitLog(file);
  onTestFinished(() => second.close());
  expect(copyOf(second).log).not.toBe(copyOf(log).log);
});
