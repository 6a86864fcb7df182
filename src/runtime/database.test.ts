import { describe, expect, it } from "vitest";
import { type Database, databaseWarnings, readDatabase } from "./database.ts";

function problemsOf(env: Readonly<Record<string, unknown>>): readonly string[] {
  const database = readDatabase(env);
  return database.ok ? [] : database.problems;
}

function databaseOf(env: Readonly<Record<string, unknown>>): Database {
  const database = readDatabase(env);
  if (!database.ok) throw new Error(database.problems.join("; "));
  return database.value;
}

describe("readDatabase", () => {
  it.each([
    ["https://db.example.org", "https://db.example.org"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["libsql://db.example.org", "https://db.example.org"],
    ["LIBSQL://DB.example.org", "https://db.example.org"],
    ["libsql://db.example.org:443/", "https://db.example.org"],
    ["https://db.example.org/store", "https://db.example.org/store/"],
    ["https://db.example.org/store/", "https://db.example.org/store/"],
    ["http://[::1]:8080", "http://[::1]:8080"],
    ["http://127.1:8080", "http://127.0.0.1:8080"],
    ["https://db.example.org?tls=1", "https://db.example.org"],
    ["https://db.example.org/store?tls=1", "https://db.example.org/store/"],
    ["http://localhost:8080?tls=0", "http://localhost:8080"],
    ["libsql://db.example.org?tls=1", "https://db.example.org"],
    ["libsql://localhost:8080?tls=0", "http://localhost:8080"],
    ["libsql://localhost:8080/?tls=0", "http://localhost:8080"],
    ["libsql://localhost?tls=0", "http://localhost"],
    ["libsql://localhost:443?tls=0", "http://localhost:443"],
    ["LIBSQL://localhost:443/store?tls=0", "http://localhost:443/store/"],
    ["libsql://localhost:80?tls=0", "http://localhost"],
    ["libsql://db.example.org:80", "https://db.example.org:80"],
  ])("reads %s as %s (Q52)", (LIBSQL_URL, url) => {
    expect(databaseOf({ LIBSQL_URL })).toEqual({ url, authToken: undefined });
  });

  it.each(["\n", "\r\n", " ", "\t", "\r", "\n\n", "\u00a0"])("ignores %j around the URL (Q09)", (space) => {
    const url = "https://db.example.org";
    for (const given of [url + space, space + url, `"${url}"${space}`, `'${url}${space}'`]) {
      expect(databaseOf({ LIBSQL_URL: given })).toMatchObject({ url });
    }
  });

  const SCHEME = "must begin with libsql://, https:// or http://";
  const QUERY = "must not have a query except ?tls=0 or ?tls=1: use LIBSQL_AUTH_TOKEN for the token";
  const USER = "must not have a user or a password: use LIBSQL_AUTH_TOKEN for the token";
  const SPACE = "must not contain white space or backslashes";
  const HOST = "must have a valid host and port";
  it.each([
    ["https://canary?x=1", QUERY],
    ["https://db?authToken=canary", QUERY],
    ["https://db?", QUERY],
    ["https://db?tls=banana", QUERY],
    ["https://db?tls=", QUERY],
    ["https://db?tls", QUERY],
    ["https://db?tls=01", QUERY],
    ["https://db?TLS=1", QUERY],
    ["https://db?tls=%31", QUERY],
    ["https://db?tls=1&tls=1", QUERY],
    ["https://db?tls=1&authToken=canary", QUERY],
    ["https://db?tls=1?", QUERY],
    ["https://db#canary", "must not have a fragment (#)"],
    ["https://db/#", "must not have a fragment (#)"],
    ["https://db?tls=1#canary", "must not have a fragment (#)"],
    ["https://db?tls=0", "must not be https: with ?tls=0: they contradict"],
    ["http://127.0.0.1?tls=1", "must not be http: with ?tls=1: they contradict"],
    ["http:canary", `${SCHEME}: the two slashes are missing`],
    ["http:/canary", `${SCHEME}: the two slashes are missing`],
    ["libsql:canary", `${SCHEME}: the two slashes are missing`],
    ["https:", `${SCHEME}: the two slashes are missing`],
    [String.raw`http:\\canary`, `${SCHEME}: the two slashes are missing`],
    ["ws://canary", `${SCHEME}, not with ws:`],
    ["wss://canary", `${SCHEME}, not with wss:`],
    ["file:canary.db", `${SCHEME}, not with file:`],
    ["file:///canary.db", `${SCHEME}, not with file:`],
    [":memory:", SCHEME],
    ["canary", SCHEME],
    ["canary.example.org:8080", SCHEME],
    ["//canary", SCHEME],
    ["canary://db", SCHEME],
    ["https://", "must name a host"],
    ["libsql://", "must name a host"],
    ["http:///canary", "must name a host"],
    ["libsql://?tls=1", "must name a host"],
    ["https://canary@db", USER],
    ["https://canary:canary@db", USER],
    ["https://:canary@db", USER],
    ["libsql://canary%40x@db", USER],
    ["https://@db", USER],
    ["https://can ary", SPACE],
    ["https://can\nary", SPACE],
    ["https://can\tary", SPACE],
    ["https://can\u0000ary", SPACE],
    [String.raw`https://db\canary`, SPACE],
    ["https://db:canary", HOST],
    ["https://db:70000", HOST],
    ["https://[canary]", HOST],
    ["https://can%00ary", HOST],
    ["https://:8080", HOST],
    ["http://1.2.3.4.5", HOST],
  ])("rejects %j and states the rule (Q09)", (LIBSQL_URL, rule) => {
    const problems = problemsOf({ LIBSQL_URL });
    expect(problems).toEqual([`LIBSQL_URL ${rule}`]);
  });

  it("requires a URL", () => {
    expect(problemsOf({})).toEqual(["LIBSQL_URL is not set"]);
  });

  const LIBSQL_AUTH_TOKEN = "canary";
  const local = [
    "http://localhost:8080",
    "http://127.0.0.1",
    "http://127.255.0.9:1",
    "http://[::1]:8080",
    "http://LOCALHOST",
    "http://2130706433",
    "http://0x7f.1",
    "libsql://localhost:8080?tls=0",
  ];
  it.each([...local, "https://db.example.org", "libsql://db.example.org"])("sends the token to %s (Q38)", (url) => {
    expect(databaseOf({ LIBSQL_URL: url, LIBSQL_AUTH_TOKEN })).toMatchObject({ authToken: "canary" });
  });
  it.each(local)("does not warn about %s (Q38)", (LIBSQL_URL) => {
    expect(databaseWarnings(databaseOf({ LIBSQL_URL }))).toEqual([]);
  });

  it.each([
    "http://db.example.org",
    "libsql://db.example.org:8080?tls=0",
    "http://10.0.0.1",
    "http://0.0.0.0:8080",
    "http://128.0.0.1",
    "http://localhost.example.org",
    "http://127.0.0.1.example.org",
    "http://[::2]",
    "http://[::ffff:10.0.0.1]",
    "http://localhost./",
  ])("sends no token to %s without LIBSQL_ALLOW_PLAINTEXT, and warns with it (Q38)", (LIBSQL_URL) => {
    const refused = [expect.stringMatching(/^LIBSQL_URL must use TLS, because LIBSQL_AUTH_TOKEN would be sent/)];
    for (const LIBSQL_ALLOW_PLAINTEXT of [undefined, "", "0"]) {
      expect(problemsOf({ LIBSQL_URL, LIBSQL_AUTH_TOKEN, LIBSQL_ALLOW_PLAINTEXT })).toEqual(refused);
    }
    const database = databaseOf({ LIBSQL_URL, LIBSQL_AUTH_TOKEN, LIBSQL_ALLOW_PLAINTEXT: "1" });
    expect(databaseWarnings(database)).toEqual([expect.stringMatching(/^LIBSQL_URL does not use TLS: .*the token/)]);
    expect(databaseWarnings(databaseOf({ LIBSQL_URL }))).toEqual([
      expect.stringMatching(/^LIBSQL_URL does not use TLS: .*stored data$/),
      expect.stringMatching(/^LIBSQL_AUTH_TOKEN is not set: /),
    ]);
  });

  it.each(["true", "yes", "2", "1,"])("rejects LIBSQL_ALLOW_PLAINTEXT = %s (Q38)", (LIBSQL_ALLOW_PLAINTEXT) => {
    expect(problemsOf({ LIBSQL_URL: "http://db.example.org", LIBSQL_ALLOW_PLAINTEXT })).toEqual([
      "LIBSQL_ALLOW_PLAINTEXT must be 0 or 1",
    ]);
  });
});
