import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startDevDatabase } from "./server.ts";
import { CLOSE, executeRequest, postPipeline, temporaryDatabase, temporaryFolder } from "./temporary.ts";

test("rows survive a restart", async () => {
  const first = await temporaryDatabase();
  await first.pipeline([{ type: "sequence", sql: "CREATE TABLE t (a); INSERT INTO t VALUES ('kept')" }, CLOSE]);
  await first.close();
  const second = await temporaryDatabase({ file: first.file });
  const answer = await second.pipeline([executeRequest("SELECT a FROM t"), CLOSE]);
  expect(answer.results[0]).toMatchObject({ response: { result: { rows: [[{ value: "kept" }]] } } });
});

test("a port in use is Node's own error", async () => {
  const { port } = await temporaryDatabase();
  await expect(temporaryDatabase({ port })).rejects.toMatchObject({ code: "EADDRINUSE", port });
});

test.each(["127.0.0.1", "localhost", "::1"])("it listens on %s", async (host) => {
  const database = await temporaryDatabase({ host });
  expect((await fetch(`${database.url}/health`)).status).toBe(200);
});

test.each(["0.0.0.0", "::", "192.168.1.1", "example.org"])("it refuses to listen on %s", async (host) => {
  await expect(temporaryDatabase({ host })).rejects.toThrow(`Cannot listen on "${host}"`);
});

test("it refuses what can't be a database", async () => {
  const folder = await temporaryFolder();
  const text = join(folder, "text");
  await writeFile(text, "no database ".repeat(100));
  await expect(startDevDatabase({ file: text })).rejects.toThrow("file is not a database");
  await expect(startDevDatabase({ file: join(folder, "missing", "a.db") })).rejects.toThrow("Cannot open the database");
  await expect(startDevDatabase({ file: ":memory:" })).rejects.toThrow("Cannot serve");
  await expect(startDevDatabase({ file: join(folder, "a.db"), authToken: "" })).rejects.toThrow("empty token");
});

test("closing does not wait for a client that stops in the middle of its request", async () => {
  const database = await temporaryDatabase();
  const socket = connect(database.port, "127.0.0.1");
  socket.write("POST /v2/pipeline HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{");
  await fetch(`${database.url}/health`);
  const closed = once(socket, "close");
  await database.close();
  await closed;
});

test("closing rolls back open streams and ends those that wait", async () => {
  const first = await temporaryDatabase();
  const insert = executeRequest("INSERT INTO t VALUES (1)");
  await first.pipeline([executeRequest("CREATE TABLE t (a)"), CLOSE]);
  await first.pipeline([executeRequest("BEGIN IMMEDIATE"), insert]);
  const waiting = first.pipeline([insert, CLOSE]);
  await fetch(`${first.url}/health`);
  await Promise.all([first.close(), first.close()]);
  expect(await waiting).toMatchObject({ status: 503, code: "SERVER_CLOSING" });
  await expect(postPipeline(first.url, [])).rejects.toThrow("fetch failed");
  const second = await temporaryDatabase({ file: first.file });
  const answer = await second.pipeline([insert, executeRequest("SELECT count(*) FROM t"), CLOSE]);
  expect(answer.results[1]).toMatchObject({ response: { result: { rows: [[{ value: "1" }]] } } });
});
