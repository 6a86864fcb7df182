import { describe, expect, it } from "vitest";
import { ConfigError, parseConfig } from "./config.ts";

const KEY = `a:${Buffer.alloc(32, 1).toString("base64url")}`;
const MINIMAL = { LIBSQL_URL: "https://db.example.org", SPIKE_ROOT_KEYS: KEY };

function problemsOf(env: Readonly<Record<string, unknown>>): readonly string[] {
  try {
    parseConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe("parseConfig", () => {
  it("requires a database and a root key; everything else has a default", () => {
    expect(parseConfig(MINIMAL)).toMatchObject({
      store: { kind: "libsql", url: "https://db.example.org", authToken: undefined },
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
    const config = parseConfig({
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
      store: { kind: "libsql", authToken: "token" },
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
      parseConfig({ ...cloudflare, SPIKE_CLIENT_CERTIFICATE_HOSTS: "spike.example.org, b.example.org" }),
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
    const { rootKeys } = parseConfig({ ...MINIMAL, SPIKE_ROOT_KEYS: { get } });
    expect(rootKeys.kind === "binding" && (await rootKeys.get())).toBe(KEY);
    expect(problemsOf({ ...MINIMAL, SPIKE_ROOT_KEYS: { got: 1 } })).toEqual(["SPIKE_ROOT_KEYS must be text"]);
  });

  it("requires no database for the memory store", () => {
    expect(parseConfig({ SPIKE_NEXUS_BACKEND_STORE: "memory", SPIKE_ROOT_KEYS: KEY }).store).toEqual({
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
    expect(problems.map((problem) => problem.split(" ")[0])).toEqual([
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
    ["LIBSQL_URL", "libsql://db?tls=0"],
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
    ["SPIKE_NEXUS_MAX_SECRET_VERSIONS", " 5"],
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
