import { createClient as createNodeClient, type Client } from "@libsql/client";
import { createClient as createWebClient } from "@libsql/client/web";
import { expect, onTestFinished, test } from "vitest";
import { temporaryDatabase } from "./temporary.ts";

type CreateClient = typeof createNodeClient;

const ENTRIES: [string, CreateClient][] = [
  ["node", createNodeClient],
  ["web", createWebClient],
];

async function clientWithTable(createClient: CreateClient): Promise<Client> {
  const { url } = await temporaryDatabase({ authToken: "secret" });
  const client = createClient({ url, authToken: "secret", intMode: "bigint" });
  onTestFinished(() => client.close());
  await client.executeMultiple("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b BLOB) STRICT; SELECT 1;");
  return client;
}

for (const [name, createClient] of ENTRIES) {
  test(`${name}: values go there and back`, async () => {
    const client = await clientWithTable(createClient);
    const bytes = new Uint8Array(256).map((_, index) => index);
    const args = [2n ** 63n - 1n, "größe", bytes];
    const inserted = await client.execute({ sql: "INSERT INTO t VALUES (?, ?, ?)", args });
    expect(inserted).toMatchObject({ rowsAffected: 1, lastInsertRowid: 2n ** 63n - 1n });
    const { rows, columns, columnTypes } = await client.execute("SELECT *, -9223372036854775808, 2.0 FROM t");
    expect(columns.slice(0, 3)).toEqual(["id", "a", "b"]);
    expect(columnTypes.slice(0, 3)).toEqual(["INTEGER", "TEXT", "BLOB"]);
    const [id, a, b, smallest, real] = Object.values(rows[0] ?? {});
    expect([id, a, smallest, real]).toEqual([args[0], args[1], -(2n ** 63n), 2]);
    expect(b).toEqual(bytes.buffer);
  });

  test(`${name}: a batch is one transaction`, async () => {
    const client = await clientWithTable(createClient);
    const insert = { sql: "INSERT INTO t (a) VALUES (:a) RETURNING id", args: { a: "x" } };
    const [first, again] = await client.batch([insert, "SELECT count(*) AS n FROM t"], "write");
    expect(first).toMatchObject({ rows: [{ id: 1n }], rowsAffected: 1 });
    expect(again?.rows).toMatchObject([{ n: 1n }]);
    const failing = client.batch(["INSERT INTO t (a) VALUES ('y')", insert, "INSERT INTO t (a) VALUES ('z')"], "write");
    await expect(failing).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT", statementIndex: 1 });
    const [read] = await client.batch(["SELECT a FROM t"], "read");
    expect(read?.rows).toMatchObject([{ a: "x" }]);
  });

  test(`${name}: interactive transactions commit, roll back and see themselves only`, async () => {
    const client = await clientWithTable(createClient);
    const kept = await client.transaction("write");
    await kept.execute("INSERT INTO t (a) VALUES ('kept')");
    const dropped = await client.transaction("write");
    const waiting = dropped.batch(["INSERT INTO t (a) VALUES ('dropped')", "SELECT 1"]);
    expect((await client.execute("SELECT a FROM t")).rows).toEqual([]);
    await kept.execute("INSERT INTO t (a) VALUES ('too')");
    await kept.commit();
    await waiting;
    await dropped.rollback();
    const closed = await client.transaction("read");
    expect((await closed.execute("SELECT a FROM t ORDER BY a")).rows).toMatchObject([{ a: "kept" }, { a: "too" }]);
    closed.close();
  });

  test(`${name}: migrate runs with foreign keys off and leaves them on`, async () => {
    const client = await clientWithTable(createClient);
    await client.migrate(["CREATE TABLE u (t INTEGER REFERENCES t (id))", "INSERT INTO u VALUES (99)"]);
    await expect(client.execute("INSERT INTO u VALUES (100)")).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT" });
  });

  test(`${name}: a wrong token and a missing table are told apart`, async () => {
    const client = await clientWithTable(createClient);
    await expect(client.execute("SELECT * FROM nowhere")).rejects.toMatchObject({ code: "SQLITE_ERROR" });
    const { url } = await temporaryDatabase({ authToken: "secret" });
    const stranger = createClient({ url, authToken: "wrong" });
    onTestFinished(() => stranger.close());
    await expect(stranger.execute("SELECT 1")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });
}

test("an interactive transaction that idles too long is lost", async () => {
  const { url } = await temporaryDatabase({ batonTtlMs: 40 });
  const client = createWebClient({ url });
  onTestFinished(() => client.close());
  const transaction = await client.transaction("write");
  await transaction.execute("CREATE TABLE t (a)");
  // Waits for the lock that goes with the stream.
  await client.execute("BEGIN IMMEDIATE");
  await expect(transaction.commit()).rejects.toMatchObject({ code: "STREAM_EXPIRED" });
  expect((await client.execute("SELECT * FROM sqlite_schema")).rows).toEqual([]);
});
