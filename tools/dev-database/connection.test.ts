import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Connection, type Prepared, type Rows } from "./connection.ts";
import { temporaryFolder } from "./temporary.ts";

async function twoConnections(): Promise<[Connection, Connection]> {
  const file = join(await temporaryFolder(), "test.db");
  const connections: [Connection, Connection] = [new Connection(file), new Connection(file)];
  connections[0].enterWal();
  onTestFinished(() => connections.forEach((connection) => connection.close()));
  return connections;
}

function prepare(connection: Connection, sql: string): Prepared {
  const outcome = connection.prepare(sql);
  if (!outcome.ok) {
    throw new Error(outcome.error.message);
  }
  return outcome.value;
}

const run = (connection: Connection, sql: string): Rows => connection.run(prepare(connection, sql), []);

test("columns follow a schema that another connection changed", async () => {
  const [one, other] = await twoConnections();
  const read = (): Rows => run(other, "SELECT * FROM t");
  run(one, "CREATE TABLE t (a TEXT)");
  expect(read().columns).toEqual([{ name: "a", decltype: "TEXT" }]);
  run(one, "ALTER TABLE t ADD COLUMN b");
  other.forgetSchema();
  expect(read().columns).toEqual([
    { name: "a", decltype: "TEXT" },
    { name: "b", decltype: null },
  ]);
});

test("columns follow a schema that the connection itself changes and rolls back", async () => {
  const [one] = await twoConnections();
  const namesOf = (): string[] => run(one, "SELECT * FROM t").columns.map(({ name }) => name);
  run(one, "CREATE TABLE t (a)");
  run(one, "BEGIN");
  expect(namesOf()).toEqual(["a"]);
  run(one, "ALTER TABLE t RENAME a TO b");
  expect(namesOf()).toEqual(["b"]);
  one.rollback();
  expect(namesOf()).toEqual(["a"]);
});

test("a lock is reported at once, whatever busy_timeout a client sets", async () => {
  const [one, other] = await twoConnections();
  run(one, "CREATE TABLE t (a)");
  run(other, "PRAGMA busy_timeout = 20000");
  run(one, "BEGIN IMMEDIATE");
  const start = performance.now();
  expect(() => run(other, "INSERT INTO t VALUES (1)")).toThrow("database is locked");
  expect(performance.now() - start).toBeLessThan(5_000);
});

test.each([
  ["SELECT 1", true],
  ["BEGIN", true],
  ["PRAGMA foreign_keys = OFF", false],
  ["CREATE TEMP TABLE t (a)", false],
  ["EXPLAIN PRAGMA foreign_keys = OFF", false],
])("after %s the connection may serve another stream: %s", async (sql, expected) => {
  const [one] = await twoConnections();
  prepare(one, sql);
  expect(one.isReusable).toBe(expected);
});

test("statements are compiled once as long as they are in use", async () => {
  const [one] = await twoConnections();
  const first = prepare(one, "SELECT 'first'");
  for (let index = 0; index < 300; index += 1) {
    prepare(one, `SELECT ${index}`);
    expect(prepare(one, "SELECT 'first'")).toBe(first);
  }
  const early = prepare(one, "SELECT 0");
  expect(early).not.toBe(first);
  expect(prepare(one, "SELECT 0")).toBe(early);
});
