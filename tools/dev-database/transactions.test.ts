import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { CLOSE, executeRequest, temporaryDatabase, type TemporaryDatabase } from "./temporary.ts";

const INSERT = executeRequest("INSERT INTO t VALUES (1)");
const IMMEDIATE = executeRequest("BEGIN IMMEDIATE");
const COMMIT = executeRequest("COMMIT");
const OK = { type: "ok" };
const BUSY = { type: "error", error: { code: "SQLITE_BUSY" } };

async function databaseWithTable(options: Parameters<typeof temporaryDatabase>[0] = {}): Promise<TemporaryDatabase> {
  const database = await temporaryDatabase(options);
  await database.pipeline([executeRequest("CREATE TABLE t (a INTEGER)"), CLOSE]);
  return database;
}

async function countRows(database: TemporaryDatabase): Promise<unknown> {
  const answer = await database.pipeline([executeRequest("SELECT count(*) FROM t"), CLOSE]);
  return answer.results[0];
}

const rows = (count: number): unknown =>
  expect.objectContaining({
    response: expect.objectContaining({
      result: expect.objectContaining({
        rows: [[{ type: "integer", value: String(count) }]],
      }),
    }),
  });

test("a transaction goes on from baton to baton, each good for once", async () => {
  const database = await databaseWithTable();
  const first = await database.pipeline([IMMEDIATE, INSERT]);
  const second = await database.pipeline([INSERT], { baton: first.baton });
  expect(second.baton).not.toBe(first.baton);
  expect(await database.pipeline([INSERT], { baton: first.baton })).toMatchObject({
    status: 400,
    code: "BATON_INVALID",
  });
  expect(await countRows(database)).toEqual(rows(0));
  const last = await database.pipeline([COMMIT, CLOSE], { baton: second.baton });
  expect(last.baton).toBeNull();
  expect(await countRows(database)).toEqual(rows(2));
});

test("a baton can't be guessed", async () => {
  const database = await databaseWithTable();
  const { baton } = await database.pipeline([]);
  expect(baton).toMatch(/^[\w-]{43}$/u);
  for (const guess of ["", "1", `${baton?.slice(0, -1)}`]) {
    expect(await database.pipeline([INSERT], { baton: guess })).toMatchObject({ status: 400, code: "BATON_INVALID" });
  }
});

test("a stream that is left alone is rolled back", async () => {
  const database = await databaseWithTable({ batonTtlMs: 50 });
  const { baton } = await database.pipeline([IMMEDIATE, INSERT]);
  const waited = await database.pipeline([INSERT, CLOSE]);
  expect(waited.results).toMatchObject([OK, OK]);
  expect(await database.pipeline([COMMIT], { baton })).toMatchObject({ status: 400, code: "STREAM_EXPIRED" });
  expect(await countRows(database)).toEqual(rows(1));
});

test("a stream that is used does not expire", async () => {
  const database = await databaseWithTable({ batonTtlMs: 600 });
  let { baton } = await database.pipeline([IMMEDIATE]);
  for (let turn = 0; turn < 4; turn += 1) {
    await sleep(200);
    ({ baton } = await database.pipeline([INSERT], { baton }));
  }
  expect(await database.pipeline([COMMIT, CLOSE], { baton })).toMatchObject({ status: 200, results: [OK, OK] });
});

test("what a closed stream left open is rolled back before its connection serves another", async () => {
  const database = await databaseWithTable();
  await database.pipeline([IMMEDIATE, INSERT, CLOSE]);
  const ask = { type: "get_autocommit" };
  const next = await database.pipeline([ask, executeRequest("SELECT count(*) FROM t"), CLOSE], { version: 3 });
  expect(next.results).toEqual([
    { type: "ok", response: { type: "get_autocommit", is_autocommit: true } },
    rows(0),
    expect.anything(),
  ]);
});

test("settings of one stream don't reach another", async () => {
  const database = await databaseWithTable();
  const ask = executeRequest("PRAGMA foreign_keys");
  await database.pipeline([executeRequest("PRAGMA foreign_keys = OFF"), CLOSE]);
  const next = await database.pipeline([ask, CLOSE]);
  expect(next.results[0]).toEqual(rows(1));
});

test("a writer waits for the one before it, and others are served meanwhile", async () => {
  const database = await databaseWithTable();
  const { baton } = await database.pipeline([IMMEDIATE, INSERT]);
  const order: string[] = [];
  const waiting = database.pipeline([IMMEDIATE, INSERT, COMMIT, CLOSE]).then((answer) => {
    order.push("waiting writer");
    return answer;
  });
  await sleep(30);
  expect(await countRows(database)).toEqual(rows(0));
  order.push("reader");
  await database.pipeline([COMMIT, CLOSE], { baton });
  expect(await waiting).toMatchObject({ results: [OK, OK, OK, OK] });
  expect(order).toEqual(["reader", "waiting writer"]);
  expect(await countRows(database)).toEqual(rows(2));
});

test("many concurrent transactions of several requests all come through", async () => {
  const database = await databaseWithTable();
  const transaction = async (): Promise<void> => {
    const first = await database.pipeline([IMMEDIATE]);
    const second = await database.pipeline([INSERT], { baton: first.baton });
    await database.pipeline([COMMIT, CLOSE], { baton: second.baton });
  };
  await Promise.all(Array.from({ length: 20 }, transaction));
  expect(await countRows(database)).toEqual(rows(20));
});

test("waiting ends with SQLITE_BUSY", async () => {
  const database = await databaseWithTable({ busyTimeoutMs: 40 });
  await database.pipeline([IMMEDIATE]);
  const start = performance.now();
  expect(await database.pipeline([INSERT, CLOSE])).toMatchObject({ status: 200, results: [BUSY, OK] });
  expect(performance.now() - start).toBeGreaterThanOrEqual(40);
});

test("a transaction that read before others wrote is told so without waiting", async () => {
  const database = await databaseWithTable({ busyTimeoutMs: 20_000 });
  const { baton } = await database.pipeline([executeRequest("BEGIN"), executeRequest("SELECT * FROM t")]);
  await database.pipeline([INSERT, CLOSE]);
  expect(await database.pipeline([INSERT, CLOSE], { baton })).toMatchObject({ results: [BUSY, OK] });
});

test("columns follow a schema that changed while the statement waited", async () => {
  const database = await databaseWithTable();
  const read = executeRequest("SELECT * FROM t");
  await database.pipeline([read, CLOSE]);
  const { baton } = await database.pipeline([IMMEDIATE, executeRequest("ALTER TABLE t RENAME a TO b")]);
  const waiting = database.pipeline([read, IMMEDIATE, read, COMMIT, CLOSE]);
  await sleep(30);
  await database.pipeline([COMMIT, CLOSE], { baton });
  const { results } = await waiting;
  expect([results[0], results[2]]).toMatchObject(
    ["a", "b"].map((name) => ({ response: { result: { cols: [{ name }] } } })),
  );
});

test("columns follow a schema that changed between the requests of a stream, and between streams", async () => {
  const database = await databaseWithTable();
  const read = executeRequest("SELECT * FROM t");
  const first = await database.pipeline([read]);
  await database.pipeline([executeRequest("ALTER TABLE t RENAME a TO b"), CLOSE]);
  const second = await database.pipeline([read, CLOSE], { baton: first.baton });
  await database.pipeline([executeRequest("ALTER TABLE t RENAME b TO c"), CLOSE]);
  const third = await database.pipeline([read, CLOSE]);
  expect([first, second, third].map((answer) => answer.results[0])).toMatchObject(
    ["a", "b", "c"].map((name) => ({ response: { result: { cols: [{ name }] } } })),
  );
});

test("a client that goes while it waits leaves nothing behind", async () => {
  const database = await databaseWithTable({ batonTtlMs: 60_000 });
  const { baton } = await database.pipeline([IMMEDIATE]);
  const body = JSON.stringify({ requests: [IMMEDIATE, INSERT, COMMIT] });
  const headers = { "content-type": "application/json" };
  const signal = AbortSignal.timeout(30);
  const gone = fetch(`${database.url}/v2/pipeline`, { method: "POST", body, headers, signal });
  await expect(gone).rejects.toThrow(/timeout/u);
  await sleep(150);
  await database.pipeline([COMMIT, CLOSE], { baton });
  expect(await countRows(database)).toEqual(rows(0));
});

test("a stream that met a lock leaves nothing in progress for the next one on its connection", async () => {
  const database = await databaseWithTable({ busyTimeoutMs: 5 });
  const holder = await database.pipeline([IMMEDIATE, INSERT]);
  const met = await database.pipeline([IMMEDIATE, CLOSE]);
  expect(met.results).toMatchObject([BUSY, OK]);
  for (let round = 0; round < 3; round += 1) {
    const next = await database.pipeline([executeRequest("BEGIN"), executeRequest("SELECT * FROM t"), COMMIT, CLOSE]);
    expect(next.results).toMatchObject([OK, OK, OK, OK]);
  }
  await database.pipeline([COMMIT, CLOSE], { baton: holder.baton });
  expect(await countRows(database)).toEqual(rows(1));
});
