import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@libsql/client/web";
import { expect, test } from "vitest";
import { type DevDatabaseOptions } from "./server.ts";
import { CLOSE, postPipeline, testDatabase } from "./test-database.fixture.ts";

const INSERT = "INSERT INTO t VALUES (1)";

async function databaseWithTable(options: Partial<DevDatabaseOptions> = {}) {
  const database = await testDatabase(options);
  const client = database.client();
  await client.execute("CREATE TABLE t (a INTEGER)");
  return { client, url: database.url };
}

async function countRows(client: Client): Promise<unknown> {
  return (await client.execute("SELECT count(*) AS n FROM t")).rows[0]?.["n"];
}

test("lets a writer wait for another while it serves readers", async () => {
  const { client } = await databaseWithTable();
  const holder = await client.transaction("write");
  await holder.execute(INSERT);
  let isWritten = false;
  const waiting = client.batch([INSERT], "write").then(() => (isWritten = true));
  await sleep(30);
  expect([await countRows(client), isWritten]).toEqual([0n, false]);
  await holder.commit();
  await waiting;
  expect(await countRows(client)).toBe(2n);
});

test("completes many concurrent transactions of several requests", async () => {
  const { client } = await databaseWithTable();
  const transact = async (): Promise<void> => {
    const transaction = await client.transaction("write");
    await transaction.execute(INSERT);
    await transaction.execute(INSERT);
    await transaction.commit();
  };
  await Promise.all(Array.from({ length: 20 }, transact));
  expect(await countRows(client)).toBe(40n);
});

test("fails with SQLITE_BUSY after the timeout, and the connection can commit afterwards", async () => {
  const { client } = await databaseWithTable({ busyTimeoutMs: 40 });
  const holder = await client.transaction("write");
  await holder.execute(INSERT);
  for (const write of [() => client.execute(INSERT), () => client.batch([INSERT], "write")]) {
    const start = performance.now();
    await expect(write()).rejects.toMatchObject({ code: "SQLITE_BUSY" });
    expect(performance.now() - start).toBeGreaterThanOrEqual(40);
    await client.batch(["SELECT * FROM t"], "deferred");
  }
  await holder.commit();
  expect(await countRows(client)).toBe(1n);
});

test("fails without waiting when a transaction has read what another has changed since", async () => {
  const { client } = await databaseWithTable({ busyTimeoutMs: 20_000 });
  const reader = await client.transaction("deferred");
  await reader.execute("SELECT * FROM t");
  await client.execute(INSERT);
  const start = performance.now();
  await expect(reader.execute(INSERT)).rejects.toMatchObject({ code: "SQLITE_BUSY" });
  expect(performance.now() - start).toBeLessThan(5_000);
  reader.close();
  await client.batch(["SELECT * FROM t"], "deferred");
});

test("lets a deferred transaction wait that begins with a write", async () => {
  const { client } = await databaseWithTable();
  const holder = await client.transaction("write");
  await holder.execute(INSERT);
  const waiting = client.batch([`${INSERT} RETURNING a`], "deferred");
  await sleep(30);
  await holder.commit();
  expect((await waiting)[0]?.rows).toMatchObject([{ a: 1n }]);
  expect(await countRows(client)).toBe(2n);
});

test("does not wait in SQLite, whatever busy_timeout a client sets", async () => {
  const { client, url } = await databaseWithTable();
  const holder = await client.transaction("write");
  await holder.execute(INSERT);
  const requests = ["PRAGMA busy_timeout = 20000", INSERT].map((sql) => ({ type: "execute", stmt: { sql } }));
  const waiting = postPipeline(url, [...requests, CLOSE]);
  await sleep(30);
  await holder.commit();
  expect(await waiting).toMatchObject({ results: [{ type: "ok" }, { type: "ok" }, { type: "ok" }] });
  expect(await countRows(client)).toBe(2n);
});

test("returns columns by a schema that changed while the statement waited", async () => {
  const { client } = await databaseWithTable();
  const select = "SELECT * FROM t";
  await client.execute(select);
  const holder = await client.transaction("write");
  await holder.execute("ALTER TABLE t RENAME a TO b");
  const waiting = client.batch([select], "write");
  await sleep(30);
  await holder.commit();
  expect((await waiting)[0]?.columns).toEqual(["b"]);
});

test("repeats a sequence that meets a lock behind its BEGIN", async () => {
  const { client } = await databaseWithTable();
  const holder = await client.transaction("write");
  await holder.execute(INSERT);
  const waiting = client.executeMultiple(`BEGIN; ${INSERT}; COMMIT`);
  await sleep(30);
  await holder.commit();
  await waiting;
  expect(await countRows(client)).toBe(2n);
});

test("rolls back what a closed stream left open", async () => {
  const { client } = await databaseWithTable();
  const transaction = await client.transaction("write");
  await transaction.execute(INSERT);
  transaction.close();
  await client.batch([INSERT], "write");
  expect(await countRows(client)).toBe(1n);
});

test("rolls back a transaction that is idle for too long", async () => {
  const { client } = await databaseWithTable({ batonTtlMs: 40 });
  const transaction = await client.transaction("write");
  await transaction.execute(INSERT);
  // Waits for the lock until the transaction expires.
  await client.batch([INSERT], "write");
  await expect(transaction.commit()).rejects.toMatchObject({ code: "STREAM_EXPIRED" });
  expect(await countRows(client)).toBe(1n);
});

test("keeps a transaction that is in use", async () => {
  const { client } = await databaseWithTable({ batonTtlMs: 600 });
  const transaction = await client.transaction("write");
  for (let turn = 0; turn < 5; turn += 1) {
    await transaction.execute(INSERT);
    await sleep(200);
  }
  await transaction.commit();
  expect(await countRows(client)).toBe(5n);
});

test("forgets a client that disconnects while it waits", async () => {
  const { client, url } = await databaseWithTable();
  const holder = await client.transaction("write");
  await holder.execute(INSERT);
  const requests = ["BEGIN IMMEDIATE", INSERT, "COMMIT"].map((sql) => ({ type: "execute", stmt: { sql } }));
  const body = JSON.stringify({ requests: [...requests, CLOSE] });
  const gone = fetch(`${url}/v2/pipeline`, { method: "POST", body, signal: AbortSignal.timeout(30) });
  await expect(gone).rejects.toThrow(/timeout/u);
  await sleep(150);
  await holder.commit();
  expect(await countRows(client)).toBe(1n);
});

test("accepts a baton once, and only one that it issued", async () => {
  const { client, url } = await databaseWithTable();
  const insert = { type: "execute", stmt: { sql: INSERT } };
  const { baton } = await postPipeline(url, [{ type: "execute", stmt: { sql: "BEGIN IMMEDIATE" } }]);
  expect(baton).toMatch(/^[\w-]{43}$/u);
  const next = await postPipeline(url, [insert], { baton });
  expect(next.baton).not.toBe(baton);
  for (const invalid of [baton, "", "1", `${next.baton?.slice(0, -1)}`]) {
    expect(await postPipeline(url, [insert], { baton: invalid })).toMatchObject({
      status: 400,
      code: "STREAM_EXPIRED",
    });
  }
  const commit = [{ type: "execute", stmt: { sql: "COMMIT" } }, CLOSE];
  expect(await postPipeline(url, commit, { baton: next.baton })).toMatchObject({ status: 200, baton: null });
  expect(await countRows(client)).toBe(1n);
});
