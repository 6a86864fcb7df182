import { copyFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { startDevDatabase } from "../server.ts";
import { testDatabase } from "../test-database.fixture.ts";
import { clientOf, lastRow, primaryAndFollower, runBatch, testFollower, testPrimary } from "./test-follower.fixture.ts";

const INSERT = "INSERT INTO t DEFAULT VALUES";
const COUNT = "SELECT count(*) FROM t";
const NO_PRIMARY = {
  code: "PROXY_ERROR",
  message: expect.stringContaining("Failed to execute queries via RPC protocol"),
};

describe("application of commits", () => {
  test("applies every commit, in order", async () => {
    const { write, read } = await primaryAndFollower();
    const seen: number[] = [];
    let isWritten = false;
    const watch = async (): Promise<void> => {
      for (;;) {
        const { rows } = await read.execute("SELECT count(*) AS rows, ifnull(max(a), 0) AS last FROM t");
        expect(rows[0]?.["rows"]).toBe(rows[0]?.["last"]);
        seen.push(Number(rows[0]?.["last"]));
        if (isWritten && seen.at(-1) === 100) return;
      }
    };
    const watched = watch();
    for (let count = 0; count < 100; count += 1) await write.execute(INSERT);
    isWritten = true;
    await watched;
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBeGreaterThan(2);
  });

  test("shows one state to all statements of a batch", async () => {
    const { write, follower } = await primaryAndFollower();
    let isWritten = false;
    const compare = async (): Promise<number> => {
      let batches = 0;
      for (; !isWritten; batches += 1) {
        const [, first, , last] = await runBatch(follower.url, ["BEGIN", COUNT, "SELECT 1", COUNT, "COMMIT"]);
        expect(first?.rows).toEqual(last?.rows);
      }
      return batches;
    };
    const compared = Promise.all([compare(), compare()]);
    for (let count = 0; count < 100; count += 1) await write.execute(INSERT);
    isWritten = true;
    expect((await compared).every((batches) => batches > 0)).toBe(true);
  });

  test("applies a commit after the delay", async () => {
    const { write, follower, read } = await primaryAndFollower({ delayMs: 300 });
    await expect.poll(() => lastRow(read)).toBeNull();
    const start = performance.now();
    await write.execute(INSERT);
    expect(await lastRow(read)).toBeNull();
    await expect.poll(() => lastRow(read), { interval: 5 }).toBe(1n);
    expect(performance.now() - start).toBeGreaterThanOrEqual(295);

    await follower.setDelay(3_600_000);
    await write.execute(INSERT);
    await sleep(100);
    expect(await lastRow(read)).toBe(1n);
    await follower.setDelay(0);
    await expect.poll(() => lastRow(read)).toBe(2n);
  });

  test("applies nothing while it is paused, and everything afterwards", async () => {
    const { write, follower, read } = await primaryAndFollower();
    await follower.pause();
    await write.batch([INSERT, INSERT], "write");
    await write.execute(INSERT);
    await sleep(100);
    expect(await lastRow(read)).toBeNull();
    await follower.resume();
    await expect.poll(() => lastRow(read)).toBe(3n);
  });

  test("goes back by some commits, and forward again after the given time", async () => {
    const { write, follower, read } = await primaryAndFollower();
    for (let count = 0; count < 5; count += 1) {
      await write.batch([INSERT, `UPDATE t SET b = 'n${count}'  WHERE a = 1`], "write");
    }
    const content = async (): Promise<unknown> => (await read.execute("SELECT * FROM t")).rows;
    await expect.poll(() => lastRow(read)).toBe(5n);
    const before = await content();
    const start = performance.now();
    await expect(follower.setBack(3, 300)).resolves.toBe(3);
    expect(await content()).toMatchObject([{ a: 1n, b: "n1" }, { a: 2n }]);
    // A commit that arrives meanwhile waits behind them.
    await write.execute(INSERT);
    await sleep(100);
    expect(await lastRow(read)).toBe(2n);
    await expect.poll(() => lastRow(read), { interval: 5 }).toBe(6n);
    expect(performance.now() - start).toBeGreaterThanOrEqual(295);
    expect((await read.execute("SELECT * FROM t WHERE a < 6")).rows).toEqual(before);
    await expect(read.execute("PRAGMA integrity_check")).resolves.toMatchObject({ rows: [{ integrity_check: "ok" }] });
  });

  test("goes back by no more commits than it has applied", async () => {
    const { write, follower, read } = await primaryAndFollower();
    await write.execute(INSERT);
    await expect.poll(() => lastRow(read)).toBe(1n);
    await expect(follower.setBack(24, 100)).resolves.toBe(1);
    expect(await lastRow(read)).toBeNull();
    await expect(follower.setBack(24, 100)).resolves.toBe(0);
    await expect.poll(() => lastRow(read)).toBe(1n);
  });

  test("applies changes of the schema between statements that it has prepared", async () => {
    const { write, read } = await primaryAndFollower();
    const all = async (): Promise<unknown> => (await read.execute("SELECT * FROM t")).rows[0];
    await write.execute(INSERT);
    await expect.poll(all).toEqual({ a: 1n, b: null });
    await write.execute("ALTER TABLE t ADD COLUMN c BLOB DEFAULT x'00ff'");
    await expect.poll(all).toEqual({ a: 1n, b: null, c: Uint8Array.of(0, 255).buffer });
    await write.batch(["ALTER TABLE t RENAME TO u", "CREATE TABLE t (z TEXT)", "INSERT INTO t VALUES ('z')"], "write");
    await expect.poll(all).toEqual({ z: "z" });
    await write.execute("DROP TABLE u");
    await write.execute("VACUUM");
    await write.execute("INSERT INTO t VALUES ('y')");
    await expect.poll(async () => (await read.execute("SELECT count(*) AS n FROM t")).rows[0]?.["n"]).toBe(2n);
    await expect(read.execute("SELECT * FROM u")).rejects.toThrow("no such table");
    await expect(read.execute("PRAGMA integrity_check")).resolves.toMatchObject({ rows: [{ integrity_check: "ok" }] });
  });
});

describe("connection to the primary", () => {
  test("answers reads from the old state while it is cut off, and lets writes wait", async () => {
    const { write, follower, read } = await primaryAndFollower();
    await follower.cutOff();
    await write.execute(INSERT);
    let isAnswered = false;
    const waiting = runBatch(follower.url, ["PRAGMA user_version", "SELECT max(a) FROM t"]).finally(
      () => (isAnswered = true),
    );
    const gone = fetch(`${follower.url}/v2/pipeline`, {
      method: "POST",
      body: JSON.stringify({ requests: [{ type: "execute", stmt: { sql: INSERT } }] }),
      signal: AbortSignal.timeout(50),
    });
    await expect(gone).rejects.toThrow("aborted");
    await sleep(100);
    expect([await lastRow(read), isAnswered]).toEqual([null, false]);
    await follower.reconnect();
    expect(await waiting).toMatchObject([{}, { rows: [[{ value: "1" }]] }]);
    await expect.poll(() => lastRow(read)).toBe(1n);
    // The client that has disconnected has not written.
    await sleep(50);
    expect(await lastRow(write)).toBe(1n);
  });

  test("holds back an answer that arrives while it is cut off", async () => {
    const { write, follower } = await primaryAndFollower();
    const holder = await write.transaction("write");
    await holder.execute(COUNT);
    let isAnswered = false;
    const waiting = follower
      .client()
      .execute(INSERT)
      .finally(() => (isAnswered = true));
    await sleep(20);
    await follower.cutOff();
    await holder.commit();
    await expect.poll(() => lastRow(write)).toBe(1n);
    await sleep(50);
    expect(isAnswered).toBe(false);
    await follower.reconnect();
    await waiting;
  });

  test("follows a primary that was restarted elsewhere, and fails writes until then", async () => {
    const { primary, write, follower, read } = await primaryAndFollower();
    await write.execute(INSERT);
    await primary.close();
    expect(await lastRow(read)).toBe(1n);
    await expect(read.execute(INSERT)).rejects.toMatchObject(NO_PRIMARY);
    const restarted = await testPrimary({ file: primary.file });
    await restarted.client().execute(INSERT);
    await follower.reconnect(restarted.url);
    await expect.poll(() => lastRow(read)).toBe(2n);
    await read.execute(INSERT);
    await expect.poll(() => lastRow(read)).toBe(3n);
  });

  test("goes back with a primary that has lost commits", async () => {
    const { primary, write, follower, read } = await primaryAndFollower();
    await write.execute(INSERT);
    await primary.close();
    const backup = `${primary.file}-backup`;
    copyFileSync(primary.file, backup);
    const honest = await startDevDatabase({ file: primary.file, followers: true });
    await follower.reconnect(honest.url);
    await read.batch([INSERT, INSERT], "write");
    await expect.poll(() => lastRow(read)).toBe(3n);
    await honest.close();
    const restored = await testPrimary({ file: backup });
    await follower.reconnect(restored.url);
    await expect.poll(() => lastRow(read)).toBe(1n);
    await read.execute("INSERT INTO t (b) VALUES ('another second row')");
    await expect
      .poll(async () => (await read.execute("SELECT b FROM t WHERE a = 2")).rows)
      .toMatchObject([{ b: "another second row" }]);
  });

  test("takes a copy if another program has emptied the primary's write-ahead log", async () => {
    const { write, read } = await primaryAndFollower();
    await write.execute(INSERT);
    await write.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    await write.batch([INSERT, INSERT], "write");
    await expect.poll(() => lastRow(read)).toBe(3n);
    await write.execute(INSERT);
    await expect.poll(() => lastRow(read)).toBe(4n);
  });

  test("takes a copy if it is too far behind", { timeout: 60_000 }, async () => {
    const { write, follower, read } = await primaryAndFollower();
    await write.execute("CREATE TABLE large (a BLOB)");
    await follower.cutOff();
    for (let count = 0; count < 20; count += 1) await write.execute("INSERT INTO large VALUES (zeroblob(4000000))");
    await write.execute(INSERT);
    await follower.reconnect();
    await expect.poll(() => lastRow(read), { timeout: 20_000 }).toBe(1n);
    const { rows } = await read.execute("SELECT sum(length(a)) AS bytes FROM large");
    expect(rows[0]?.["bytes"]).toBe(80_000_000n);
  });

  test("cannot start without a primary that allows followers", async () => {
    const alone = await testDatabase();
    await expect(testFollower(alone.url)).rejects.toThrow(
      `Cannot follow the database at "${alone.url}": the primary answered with status 404`,
    );
    await alone.close();
    await expect(testFollower(alone.url)).rejects.toThrow(`Cannot follow the database at "${alone.url}": fetch failed`);
  });

  test("needs the primary's token, and requires it from its clients", async () => {
    const primary = await testPrimary({ authToken: "right" });
    await expect(testFollower(primary.url, { authToken: "wrong" })).rejects.toThrow("status 401");
    const follower = await testFollower(primary.url, { authToken: "right" });
    await expect(clientOf(follower.url).execute("SELECT 1")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  test("closes while programs wait for the primary and commits wait for their time", async () => {
    const { write, follower, read } = await primaryAndFollower({ delayMs: 3_600_000 });
    await write.execute(INSERT);
    const holder = await write.transaction("write");
    await holder.execute(COUNT);
    const refused = [expect(read.execute(INSERT)).rejects.toMatchObject({ code: "PROXY_ERROR" })];
    await sleep(20);
    await follower.cutOff();
    refused.push(expect(read.execute(INSERT)).rejects.toMatchObject({ code: "PROXY_ERROR" }));
    await sleep(20);
    const start = performance.now();
    await follower.close();
    expect(performance.now() - start).toBeLessThan(2_000);
    await Promise.all(refused);
    await holder.commit();
  });
});
