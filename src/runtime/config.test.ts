import { describe, expect, it } from "vitest";
import { type Config, parseConfig } from "./config.ts";

const KEY = `a:${Buffer.alloc(32, 1).toString("base64url")}`;
const MINIMAL = { LIBSQL_URL: "https://db.example.org", SPIKE_ROOT_KEYS: KEY };

function problemsOf(env: Readonly<Record<string, unknown>>): readonly string[] {
  const config = parseConfig(env);
  return config.ok ? [] : config.problems;
}

function configOf(env: Readonly<Record<string, unknown>>): Config {
  const config = parseConfig(env);
  if (!config.ok) throw new Error(config.problems.join("; "));
  return config.value;
}

const namesIn = (problems: readonly string[]) => problems.map((problem) => problem.split(" ", 1)[0]);

describe("parseConfig", () => {
  it("requires a database and a root key; everything else has a default", () => {
    expect(configOf(MINIMAL)).toMatchObject({
      store: {
        kind: "libsql",
        database: { url: "https://db.example.org", authToken: undefined },
        isPrimary: false,
        replica: undefined,
      },
      rootKeys: { kind: "text", text: KEY },
      bundles: new Map(),
      tokens: { audience: "spike-nexus", leewaySeconds: 30, maxLifetimeSeconds: 86_400, severalAudiences: "accept" },
      certificates: { kind: "none" },
      rateLimits: { byAddress: undefined, byIdentity: undefined },
      roots: { pilot: ["spike.ist"], nexus: ["spike.ist"], bootstrap: ["spike.ist"], liteWorkload: ["spike.ist"] },
      keptVersions: 10,
      shamir: { threshold: 2, shares: 3, maxShares: 1000 },
      maxBodyBytes: 1_048_576,
      maxCipherBytes: 65_536,
      requestTimeoutMs: 8000,
    });
  });

  it("accepts every setting", () => {
    const limiter = { limit: async () => await Promise.resolve({ success: true }) };
    const config = configOf({
      LIBSQL_URL: "libsql://db.example.org",
      LIBSQL_AUTH_TOKEN: "token",
      SPIKE_NEXUS_BACKEND_STORE: "SQLite",
      SPIKE_ROOT_KEYS: `${KEY},b:${Buffer.alloc(32, 2).toString("base64url")}`,
      SPIKE_TRUST_BUNDLES: '{"example.org":{"keys":[]}}',
      SPIKE_AUDIENCE: "aud",
      SPIKE_JWT_LEEWAY_SECONDS: "0",
      SPIKE_JWT_MAX_LIFETIME_SECONDS: "3600",
      SPIKE_JWT_SEVERAL_AUDIENCES: "refuse",
      SPIKE_CLIENT_CERTIFICATES: "proxy",
      SPIKE_PROXY_SECRETS: `${"s".repeat(32)}, ${"t".repeat(32)}`,
      SPIKE_RATE_LIMIT_BY_ADDRESS: limiter,
      SPIKE_TRUST_ROOT_PILOT: "example.org, example.com",
      SPIKE_NEXUS_MAX_SECRET_VERSIONS: "3",
      SPIKE_MAX_BODY_BYTES: "2048",
      SPIKE_REQUEST_TIMEOUT_MS: "900",
    });
    expect(config).toMatchObject({
      store: { kind: "libsql", database: { url: "https://db.example.org", authToken: "token" } },
      tokens: { audience: "aud", leewaySeconds: 0, maxLifetimeSeconds: 3600, severalAudiences: "refuse" },
      certificates: { kind: "proxy", secrets: ["s".repeat(32), "t".repeat(32)] },
      roots: { pilot: ["example.org", "example.com"] },
      keptVersions: 3,
      maxBodyBytes: 2048,
      requestTimeoutMs: 900,
    });
    expect(config.rootKeys).toMatchObject({ kind: "text", text: expect.stringContaining(",b:") });
    expect([...config.bundles.keys()]).toEqual(["example.org"]);
    expect(config.rateLimits).toEqual({ byAddress: limiter, byIdentity: undefined });
  });

  it("requires host names for Cloudflare's client certificates (C11)", () => {
    const cloudflare = { ...MINIMAL, SPIKE_CLIENT_CERTIFICATES: "cloudflare" };
    expect(problemsOf(cloudflare)).toEqual(["SPIKE_CLIENT_CERTIFICATE_HOSTS is not set"]);
    expect(
      configOf({ ...cloudflare, SPIKE_CLIENT_CERTIFICATE_HOSTS: "spike.example.org, b.example.org" }),
    ).toMatchObject({ certificates: { kind: "cloudflare", hosts: ["spike.example.org", "b.example.org"] } });
    expect(problemsOf({ ...cloudflare, SPIKE_CLIENT_CERTIFICATE_HOSTS: "Spike.example.org" })).toHaveLength(1);
    expect(problemsOf({ ...cloudflare, SPIKE_CLIENT_CERTIFICATE_HOSTS: "*.example.org" })).toHaveLength(1);
  });

  it("requires strong secrets for a proxy's client certificates, and never quotes them (C03)", () => {
    const proxy = { ...MINIMAL, SPIKE_CLIENT_CERTIFICATES: "proxy" };
    expect(problemsOf(proxy)).toEqual(["SPIKE_PROXY_SECRETS is not set"]);
    for (const weak of ["canary", `${"s".repeat(32)},canary`, `${"s".repeat(31)} canary`, "s".repeat(257)]) {
      const problems = problemsOf({ ...proxy, SPIKE_PROXY_SECRETS: weak });
      expect(problems).toEqual([expect.stringMatching(/^SPIKE_PROXY_SECRETS /)]);
      expect(problems.join()).not.toMatch(/canary|ss/);
    }
  });

  it("accepts a binding of the Secrets Store for the root keys, and reads it later", async () => {
    const get = async () => await Promise.resolve(KEY);
    const { rootKeys } = configOf({ ...MINIMAL, SPIKE_ROOT_KEYS: { get } });
    expect(rootKeys.kind === "binding" && (await rootKeys.get())).toBe(KEY);
    expect(problemsOf({ ...MINIMAL, SPIKE_ROOT_KEYS: { got: 1 } })).toEqual(["SPIKE_ROOT_KEYS must be text"]);
  });

  describe("with a replica", () => {
    const STORE_ID = "0123456789abcdef0123456789abcdef";
    const REPLICA = { ...MINIMAL, LIBSQL_REPLICA_URL: "libsql://near.example.org" };
    const READS = { ...REPLICA, SPIKE_REPLICA_READS: "1", SPIKE_STORE_ID: STORE_ID };
    const near = (authToken?: string) => ({ url: "https://near.example.org", authToken });

    it.each<[string, object, object]>([
      [
        "LIBSQL_URL as the primary",
        { ...MINIMAL, LIBSQL_URL_IS_PRIMARY: "1" },
        { isPrimary: true, replica: undefined },
      ],
      ["writes only", REPLICA, { isPrimary: false, replica: { database: near(), reads: undefined } }],
      ["writes only, named", { ...REPLICA, SPIKE_REPLICA_READS: "0" }, { replica: { reads: undefined } }],
      ["the token of LIBSQL_URL", { ...REPLICA, LIBSQL_AUTH_TOKEN: "far" }, { replica: { database: near("far") } }],
      [
        "its own token",
        { ...REPLICA, LIBSQL_AUTH_TOKEN: "far", LIBSQL_REPLICA_AUTH_TOKEN: "near" },
        { database: { authToken: "far" }, replica: { database: near("near") } },
      ],
      [
        "its own token alone",
        { ...REPLICA, LIBSQL_REPLICA_AUTH_TOKEN: "near" },
        { replica: { database: near("near") } },
      ],
      ["reads", READS, { replica: { reads: { maxStalenessMs: 120_000, storeId: STORE_ID } } }],
      [
        "reads within the smallest bound",
        { ...READS, SPIKE_REPLICA_MAX_STALENESS_MS: "100" },
        { replica: { reads: { maxStalenessMs: 100 } } },
      ],
      [
        "reads within the largest bound",
        { ...READS, SPIKE_REPLICA_MAX_STALENESS_MS: "3600000" },
        { replica: { reads: { maxStalenessMs: 3_600_000 } } },
      ],
      [
        "the same server",
        { ...READS, LIBSQL_REPLICA_URL: MINIMAL.LIBSQL_URL },
        { replica: { database: { url: MINIMAL.LIBSQL_URL } } },
      ],
      [
        "plain text in a private network",
        {
          ...REPLICA,
          LIBSQL_REPLICA_URL: "http://near",
          LIBSQL_REPLICA_AUTH_TOKEN: "near",
          LIBSQL_ALLOW_PLAINTEXT: "1",
        },
        { replica: { database: { url: "http://near" } } },
      ],
      [
        "plain text on the same machine",
        { ...REPLICA, LIBSQL_REPLICA_URL: "http://127.0.0.1:8081", LIBSQL_AUTH_TOKEN: "t" },
        {},
      ],
      ["a store id alone", { ...MINIMAL, SPIKE_STORE_ID: STORE_ID }, { replica: undefined }],
    ])("accepts %s", (_, env, store) => {
      expect(configOf({ ...env }).store).toMatchObject(store);
    });

    it.each<[string, object, string]>([
      [
        "reads without a replica",
        { ...READS, LIBSQL_REPLICA_URL: "" },
        "SPIKE_REPLICA_READS needs LIBSQL_REPLICA_URL, which is not set",
      ],
      [
        "reads without a store id",
        { ...READS, SPIKE_STORE_ID: "" },
        "SPIKE_STORE_ID is not set, and SPIKE_REPLICA_READS needs it: spike operator status prints it",
      ],
      [
        "a store id in upper case",
        { ...READS, SPIKE_STORE_ID: STORE_ID.toUpperCase() },
        "SPIKE_STORE_ID must be 32 hexadecimal digits in lower case",
      ],
      [
        "a short store id",
        { ...READS, SPIKE_STORE_ID: "0123" },
        "SPIKE_STORE_ID must be 32 hexadecimal digits in lower case",
      ],
      [
        "a bound of 99 ms",
        { ...READS, SPIKE_REPLICA_MAX_STALENESS_MS: "99" },
        "SPIKE_REPLICA_MAX_STALENESS_MS must be a whole number from 100 to 3600000",
      ],
      [
        "a bound above an hour",
        { ...READS, SPIKE_REPLICA_MAX_STALENESS_MS: "3600001" },
        "SPIKE_REPLICA_MAX_STALENESS_MS must be a whole number from 100 to 3600000",
      ],
      [
        "a bound with a unit",
        { ...READS, SPIKE_REPLICA_MAX_STALENESS_MS: "2m" },
        "SPIKE_REPLICA_MAX_STALENESS_MS must be a whole number from 100 to 3600000",
      ],
      ["another switch", { ...READS, SPIKE_REPLICA_READS: "true" }, "SPIKE_REPLICA_READS must be 0 or 1"],
      [
        "another switch for the primary",
        { ...MINIMAL, LIBSQL_URL_IS_PRIMARY: "yes" },
        "LIBSQL_URL_IS_PRIMARY must be 0 or 1",
      ],
      [
        "a token with a blank",
        { ...REPLICA, LIBSQL_REPLICA_AUTH_TOKEN: "canary canary" },
        "LIBSQL_REPLICA_AUTH_TOKEN must be visible ASCII characters without blanks",
      ],
      [
        "no URL",
        { ...REPLICA, LIBSQL_REPLICA_URL: "canary" },
        "LIBSQL_REPLICA_URL must begin with libsql://, https:// or http://",
      ],
      [
        "a URL with a password",
        { ...REPLICA, LIBSQL_REPLICA_URL: "https://u:canary@db" },
        "LIBSQL_REPLICA_URL must not have a user or a password: use LIBSQL_REPLICA_AUTH_TOKEN for the token",
      ],
      [
        "the token of LIBSQL_URL in plain text",
        { ...REPLICA, LIBSQL_REPLICA_URL: "http://near", LIBSQL_AUTH_TOKEN: "canary" },
        "LIBSQL_REPLICA_URL must use TLS, because a token would be sent in plain text: use libsql: or https:, or set LIBSQL_ALLOW_PLAINTEXT to 1 in a private network",
      ],
      [
        "its own token in plain text",
        { ...REPLICA, LIBSQL_REPLICA_URL: "libsql://near?tls=0", LIBSQL_REPLICA_AUTH_TOKEN: "canary" },
        "LIBSQL_REPLICA_URL must use TLS, because a token would be sent in plain text: use libsql: or https:, or set LIBSQL_ALLOW_PLAINTEXT to 1 in a private network",
      ],
    ])("rejects %s, names the setting and quotes no value", (_, env, problem) => {
      expect(problemsOf({ ...env })).toEqual([problem]);
    });

    it("reports several problems at once, and those of the primary once", () => {
      const wrong = {
        ...READS,
        LIBSQL_AUTH_TOKEN: "a b",
        LIBSQL_REPLICA_AUTH_TOKEN: "a b",
        SPIKE_STORE_ID: "x",
        SPIKE_REPLICA_MAX_STALENESS_MS: "x",
      };
      expect(namesIn(problemsOf(wrong))).toEqual(["LIBSQL_AUTH_TOKEN"]);
      expect(namesIn(problemsOf({ ...wrong, LIBSQL_AUTH_TOKEN: "a" }))).toEqual([
        "LIBSQL_REPLICA_AUTH_TOKEN",
        "SPIKE_REPLICA_MAX_STALENESS_MS",
        "SPIKE_STORE_ID",
      ]);
    });

    it("ignores them with another store than libsql", () => {
      const env = { ...READS, SPIKE_NEXUS_BACKEND_STORE: "memory", SPIKE_STORE_ID: "" };
      expect(configOf(env).store).toEqual({ kind: "memory" });
    });
  });

  it("requires no database for the memory store", () => {
    expect(configOf({ SPIKE_NEXUS_BACKEND_STORE: "memory", SPIKE_ROOT_KEYS: KEY }).store).toEqual({
      kind: "memory",
    });
  });

  it("reports the problems of all settings, by name and without values", () => {
    const problems = problemsOf({
      LIBSQL_URL: "canary://x",
      SPIKE_ROOT_KEYS: "a:canary",
      SPIKE_TRUST_BUNDLES: "canary",
      SPIKE_TRUST_ROOT_NEXUS: "canary root",
      SPIKE_NEXUS_MAX_SECRET_VERSIONS: "canary",
      SPIKE_MAX_BODY_BYTES: 5,
      SPIKE_REQUEST_TIMEOUT_MS: "99",
    });
    expect(namesIn(problems)).toEqual([
      "LIBSQL_URL",
      "SPIKE_ROOT_KEYS",
      "SPIKE_TRUST_BUNDLES",
      "SPIKE_TRUST_ROOT_NEXUS",
      "SPIKE_NEXUS_MAX_SECRET_VERSIONS",
      "SPIKE_MAX_BODY_BYTES",
      "SPIKE_REQUEST_TIMEOUT_MS",
    ]);
    expect(problems.join()).not.toContain("canary");
  });

  it.each([
    ["LIBSQL_URL", "not a url"],
    ["LIBSQL_URL", "file:x.db"],
    ["LIBSQL_URL", "https://user:pass@db"],
    ["LIBSQL_URL", "https://db?authToken=x"],
    ["LIBSQL_URL", "https://db#x"],
    ["SPIKE_MAX_BODY_BYTES", "8388609"],
    ["SPIKE_NEXUS_BACKEND_STORE", "lite-ish"],
    ["SPIKE_ROOT_KEYS", ""],
    ["SPIKE_TRUST_BUNDLES", "[]"],
    ["SPIKE_TRUST_BUNDLES", '{"Example.org":{"keys":[]}}'],
    ["SPIKE_TRUST_BUNDLES", '{"a":{"keys":[]},"a":{"keys":[]}}'],
    ["SPIKE_TRUST_BUNDLES", '{"example.org":{}}'],
    ["SPIKE_TRUST_ROOT_PILOT", "a,,b"],
    ["SPIKE_NEXUS_SHAMIR_THRESHOLD", "1"],
    ["SPIKE_NEXUS_SHAMIR_THRESHOLD", "4"],
    ["SPIKE_NEXUS_SHAMIR_SHARES", "1001"],
    ["SPIKE_NEXUS_MAX_SECRET_VERSIONS", "0"],
    ["SPIKE_NEXUS_MAX_SECRET_VERSIONS", "1.5"],
    ["SPIKE_NEXUS_MAX_SECRET_VERSIONS", "5 0"],
    ["SPIKE_REQUEST_TIMEOUT_MS", "26000"],
    ["SPIKE_JWT_LEEWAY_SECONDS", "61"],
    ["SPIKE_JWT_LEEWAY_SECONDS", "-1"],
    ["SPIKE_JWT_MAX_LIFETIME_SECONDS", "0"],
    ["SPIKE_JWT_SEVERAL_AUDIENCES", "yes"],
    ["SPIKE_CLIENT_CERTIFICATES", "Cloudflare"],
    ["SPIKE_CLIENT_CERTIFICATES", "header"],
    ["SPIKE_RATE_LIMIT_BY_ADDRESS", "100"],
    ["SPIKE_RATE_LIMIT_BY_IDENTITY", "100"],
  ])("rejects %s = %s", (name, value) => {
    expect(problemsOf({ ...MINIMAL, [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name} `))]);
  });

  // Shells, editors, env files and `wrangler secret put` add these.
  const surroundings: readonly (readonly [string, (value: string) => string])[] = [
    ["a newline", (value) => `${value}\n`],
    ["CR and LF", (value) => `${value}\r\n`],
    ["blanks", (value) => `  ${value} `],
    ["a tab", (value) => `\t${value}`],
    ["a byte order mark", (value) => `\uFEFF${value}`],
    ["double quotes", (value) => `"${value}"`],
    ["single quotes and a newline", (value) => `'${value}'\n`],
    ["blanks in quotes", (value) => `" ${value} "`],
  ];
  it.each(surroundings)("ignores %s around a value (Q10)", (_, around) => {
    const values = {
      LIBSQL_URL: "https://db.example.org",
      LIBSQL_AUTH_TOKEN: "token",
      SPIKE_ROOT_KEYS: KEY,
      SPIKE_NEXUS_BACKEND_STORE: "libsql",
      SPIKE_TRUST_BUNDLES: '{"example.org":{"keys":[]}}',
      SPIKE_AUDIENCE: "aud",
      SPIKE_CLIENT_CERTIFICATES: "cloudflare",
      SPIKE_CLIENT_CERTIFICATE_HOSTS: "a.example.org,b.example.org",
      SPIKE_TRUST_ROOT_PILOT: "example.org,example.com",
      SPIKE_REQUEST_TIMEOUT_MS: "900",
    };
    const padded = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, around(value)]));
    expect(configOf(padded)).toEqual(configOf(values));
  });

  it.each(["", " ", "\n", '""', "''", '" "', "\r\n"])("treats %j as not set (Q10)", (empty) => {
    const names = ["LIBSQL_AUTH_TOKEN", "SPIKE_AUDIENCE", "SPIKE_TRUST_BUNDLES", "SPIKE_REQUEST_TIMEOUT_MS"];
    expect(configOf({ ...MINIMAL, ...Object.fromEntries(names.map((name) => [name, empty])) })).toEqual(
      configOf(MINIMAL),
    );
    expect(problemsOf({ ...MINIMAL, SPIKE_ROOT_KEYS: empty })).toEqual(["SPIKE_ROOT_KEYS is not set"]);
    expect(problemsOf({ ...MINIMAL, LIBSQL_URL: empty })).toEqual(["LIBSQL_URL is not set"]);
  });

  const TOKEN_RULE = "must be visible ASCII characters without blanks";
  const AUDIENCE_RULE = "must be text without control or invisible characters";
  const SECRETS_RULE =
    "must be 1 to 4 secrets of 32 to 256 visible ASCII characters, comma-separated, without quotes around them";
  it.each([
    ["LIBSQL_AUTH_TOKEN", "Bearer canary", TOKEN_RULE],
    ["LIBSQL_AUTH_TOKEN", "canary\ncanary", TOKEN_RULE],
    ["LIBSQL_AUTH_TOKEN", "canary\u00a0x", TOKEN_RULE],
    ["LIBSQL_AUTH_TOKEN", "canäry", TOKEN_RULE],
    ["LIBSQL_AUTH_TOKEN", "canary\u200b", TOKEN_RULE],
    ["SPIKE_AUDIENCE", "canary\ncanary", AUDIENCE_RULE],
    ["SPIKE_AUDIENCE", "canary\u0000", AUDIENCE_RULE],
    ["SPIKE_AUDIENCE", "\u200bcanary", AUDIENCE_RULE],
    ["SPIKE_AUDIENCE", "can\u00adary", AUDIENCE_RULE],
    ["SPIKE_AUDIENCE", "canary\u2028canary", AUDIENCE_RULE],
    ["SPIKE_PROXY_SECRETS", `"${"s".repeat(40)}"`, SECRETS_RULE],
    ["SPIKE_PROXY_SECRETS", `'${"s".repeat(40)}'\n`, SECRETS_RULE],
    ["SPIKE_PROXY_SECRETS", `"${"s".repeat(40)}","${"t".repeat(40)}"`, SECRETS_RULE],
    ["SPIKE_PROXY_SECRETS", `"${"s".repeat(40)},${"t".repeat(40)}"`, SECRETS_RULE],
    ["SPIKE_PROXY_SECRETS", `${"s".repeat(40)}, '${"t".repeat(40)}'`, SECRETS_RULE],
  ])("rejects %s = %j and states the rule (Q10)", (name, value, rule) => {
    const problems = problemsOf({
      ...MINIMAL,
      SPIKE_CLIENT_CERTIFICATES: "proxy",
      SPIKE_PROXY_SECRETS: "p".repeat(32),
      [name]: value,
    });
    expect(problems).toEqual([`${name} ${rule}`]);
  });

  it("removes white space and quotes around root keys from a binding (Q10)", async () => {
    const { rootKeys } = configOf({ ...MINIMAL, SPIKE_ROOT_KEYS: { get: async () => `"${KEY}"\r\n` } });
    expect(rootKeys.kind === "binding" && (await rootKeys.get())).toBe(KEY);
  });

  it.each([
    ["SPIKE_REQUEST_TIMEOUT_MS", "1", "must be a whole number from 100 to 25000"],
    ["SPIKE_NEXUS_BACKEND_STORE", "disk", "must be libsql, sqlite, memory or lite"],
    ["SPIKE_CLIENT_CERTIFICATES", "header", "must be none, cloudflare or proxy"],
    ["SPIKE_JWT_SEVERAL_AUDIENCES", "yes", "must be accept or refuse"],
    ["SPIKE_TRUST_BUNDLES", '{"example.org":{}}', 'has an invalid bundle for "example.org": has no array "keys"'],
    ["SPIKE_NEXUS_SHAMIR_THRESHOLD", "4", "must not exceed SPIKE_NEXUS_SHAMIR_SHARES: no key could be restored"],
  ])("states the rule that %s = %s breaks", (name, value, rule) => {
    expect(problemsOf({ ...MINIMAL, [name]: value })).toEqual([`${name} ${rule}`]);
  });
});
