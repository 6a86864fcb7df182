import { join } from "node:path";
import { createClient } from "@libsql/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../../tools/dev/temporary-folder.fixture.ts";
import { startDevDatabase } from "../../tools/dev-database/server.ts";
import { claimDatabase, type ExternalDatabase, readExternalDatabases, releaseDatabase } from "./external-database.ts";

describe("the settings of an external database", () => {
  const read = (url: string, env: NodeJS.ProcessEnv = {}) =>
    readExternalDatabases({ SPIKE_TEST_DATABASE_URL: url, ...env });

  it.each([
    ["http://127.0.0.1:8080", ["http://127.0.0.1:8080/"]],
    [" https://db.test\n", ["https://db.test/"]],
    ["libsql://db.test", ["https://db.test/"]],
    ["libsql://db.test?tls=0", ["http://db.test/"]],
    ["libsql://db.test:8080?tls=1", ["https://db.test:8080/"]],
    ["http://a.test/one", ["http://a.test/one"]],
    ["http://a.test, http://b.test", ["http://a.test/", "http://b.test/"]],
    ["", []],
    ["  ", []],
  ])("accepts %j (Q54)", (text, urls) => {
    expect(read(text).map(({ url }) => url)).toEqual(urls);
  });

  it.each([
    ["no URL", "db.test", {}, /SPIKE_TEST_DATABASE_URL: it is not a URL/],
    ["another scheme", "file:/tmp/a.db", {}, /not a libsql:, https: or http: URL/],
    ["a password", "https://canary:canary@db.test", {}, /SPIKE_TEST_DATABASE_AUTH_TOKEN/],
    ["a token in the query", "https://db.test?authToken=canary", {}, /SPIKE_TEST_DATABASE_AUTH_TOKEN/],
    ["a fragment", "https://db.test#canary", {}, /a user, a query or a fragment/],
    ["an unknown tls", "libsql://db.test?tls=canary", {}, /a user, a query or a fragment/],
    ["the same database twice", "http://a.test,http://a.test/", {}, /a database twice/],
    ["an empty element", "http://a.test,", {}, /not a URL/],
    ["another host to erase", "http://a.test", { SPIKE_TEST_DATABASE_ERASE: "b.test" }, /must be the host .*: a\.test/],
    ["yes instead of a host", "http://a.test", { SPIKE_TEST_DATABASE_ERASE: "1" }, /must be the host/],
  ])("refuses %s without quoting it (Q54)", (_, url, env, message) => {
    const call = () => read(url, env);
    expect(call).toThrow(expect.objectContaining({ name: "CommandError", exitCode: 2 }));
    expect(call).toThrow(message);
    expect(call).not.toThrow(/canary/);
  });

  it("has a token, and allows erasing only the named host (Q54)", () => {
    const env = { SPIKE_TEST_DATABASE_AUTH_TOKEN: " t\n", SPIKE_TEST_DATABASE_ERASE: "b.test:1" };
    expect(read("http://a.test,http://b.test:1", env)).toEqual([
      { url: "http://a.test/", authToken: "t", mayErase: false },
      { url: "http://b.test:1/", authToken: "t", mayErase: true },
    ]);
  });
});

/** A server as the user's would be. */
async function startServer() {
  const server = await startDevDatabase({ file: join(temporaryFolder(), "other.db"), authToken: "t" });
  onTestFinished(async () => await server.close());
  const client = createClient({ url: server.url, authToken: "t" });
  onTestFinished(() => client.close());
  const database: ExternalDatabase = { url: server.url, authToken: "t", mayErase: false };
  const tables = async () => {
    const { rows } = await client.execute(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    return rows.map(({ name }) => name);
  };
  return { client, database, tables };
}

describe("claiming an external database", () => {
  it("migrates an empty one, erases it with the next claim, and leaves nothing behind (Q54)", async () => {
    const { client, database, tables } = await startServer();
    const first = await claimDatabase(database);
    const local = createClient({ url: first.url });
    await local.batch(
      [
        "UPDATE store SET revision = 7",
        "CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "CREATE TABLE child (parent INTEGER REFERENCES parent)",
        "CREATE INDEX by_parent ON child (parent)",
        "CREATE VIEW seen AS SELECT * FROM child",
        "CREATE TRIGGER no_delete BEFORE DELETE ON child BEGIN SELECT raise(ABORT, 'kept'); END",
        "INSERT INTO parent VALUES (1)",
        "INSERT INTO child VALUES (1)",
      ],
      "write",
    );
    local.close();
    await first.close();
    const second = await claimDatabase(database);
    expect((await client.execute("SELECT revision FROM store")).rows[0]?.[0]).toBe(0);
    expect(await tables()).not.toContain("child");
    await second.close();
    expect(await tables()).toContain("spike_test_database");
    await releaseDatabase(database);
    expect(await tables()).toEqual([]);
    expect(
      (await client.execute("SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")).rows[0]?.[0],
    ).toBe(0);
  });

  it.each([
    ["a store in use", ["CREATE TABLE secrets (a)", "CREATE TABLE audit (b)"]],
    ["an application", ["CREATE TABLE users (a)"]],
    ["a view only", ["CREATE VIEW v AS SELECT 1"]],
    ["an empty table", ["CREATE TABLE empty (a)"]],
    ["a table with a similar name", ["CREATE TABLE spike_test_database_2 (a)"]],
  ])("refuses one with %s, and changes nothing (Q54)", async (_, statements) => {
    const { client, database } = await startServer();
    await client.batch([...statements], "write");
    const schema = async () => (await client.execute("SELECT name, sql FROM sqlite_master ORDER BY name")).rows;
    const before = await schema();
    await expect(claimDatabase(database)).rejects.toThrow(
      /no test created.* SPIKE_TEST_DATABASE_ERASE=127\.0\.0\.1:\d+$/,
    );
    await releaseDatabase(database);
    expect(await schema()).toEqual(before);
  });

  it("erases one without the mark if mayErase is set (Q54)", async () => {
    const { client, database, tables } = await startServer();
    await client.execute("CREATE TABLE users (a)");
    const claimed = await claimDatabase({ ...database, mayErase: true });
    await claimed.close();
    expect(await tables()).not.toContain("users");
  });

  it("reports a wrong token (Q54)", async () => {
    const { database } = await startServer();
    await expect(claimDatabase({ ...database, authToken: "wrong" })).rejects.toThrow(
      "the bearer token is missing or wrong",
    );
  });
});
