import { describe, expect, it } from "vitest";
import { SUPERUSER, testDomain } from "../../test/harness/identity.ts";
import { KEY_A } from "../../test/harness/service.ts";
import type { LogLine } from "../api/platform.ts";
import { mintingKey } from "../identity/jwt/minting.fixture.ts";
import { certificateAuthority } from "../identity/x509/minting.fixture.ts";
import { type App, compose } from "./compose.ts";

const post = (target: string, headers = {}, body = "{}") =>
  new Request(`http://edge.test${target}`, { method: "POST", headers, body });

const NO_DATABASE = { LIBSQL_URL: undefined, LIBSQL_AUTH_TOKEN: undefined };
const SECRET = "s3cret".repeat(6);

describe("compose", () => {
  it("composes a service from the environment", async () => {
    const domain = await testDomain();
    const app = await compose({
      SPIKE_NEXUS_BACKEND_STORE: "memory",
      SPIKE_ROOT_KEYS: KEY_A,
      SPIKE_TRUST_BUNDLES: JSON.stringify({ [domain.name]: domain.bundle }),
    });
    const headers = { authorization: `Bearer ${await domain.token(SUPERUSER)}` };
    const put = await app.fetch(post("/v1/store/secrets", headers, '{"path":"a","values":{"k":"v"}}'));
    expect(await put.json()).toEqual({ version: 1, revision: 1 });
    const got = await app.fetch(post("/v1/store/secrets?action=get", headers, '{"path":"a"}'));
    expect(await got.json()).toEqual({ data: { k: "v" } });
  });

  it("reads the root keys from a binding on each request, and is not ready while the binding fails", async () => {
    const log: LogLine[] = [];
    const domain = await testDomain();
    const texts = [KEY_A, "canary", KEY_A];
    const get = async () => {
      const text = texts.shift();
      return await (text === undefined ? Promise.reject(new Error("canary")) : Promise.resolve(text));
    };
    const app = await compose(
      {
        SPIKE_NEXUS_BACKEND_STORE: "memory",
        SPIKE_ROOT_KEYS: { get },
        SPIKE_TRUST_BUNDLES: JSON.stringify({ [domain.name]: domain.bundle }),
      },
      { log: (line) => log.push(line), audit: () => undefined },
    );
    const headers = { authorization: `Bearer ${await domain.token(SUPERUSER)}` };
    const put = async () => (await app.fetch(post("/v1/store/secrets", headers, '{"path":"a","values":{}}'))).status;
    expect([await put(), await put(), await put(), await put()]).toEqual([200, 503, 200, 503]);
    const problems = log.filter(({ level }) => level === "error");
    expect(problems.map(({ event, detail }) => `${event}: ${detail}`)).toEqual([
      expect.stringMatching(/^not_configured: SPIKE_ROOT_KEYS entry 1/),
      "not_configured: SPIKE_ROOT_KEYS could not be read",
    ]);
    expect(JSON.stringify(log)).not.toContain("canary");
  });

  it("composes an unready service from a broken environment, and logs the reason", async () => {
    const log: LogLine[] = [];
    const app = await compose(
      { SPIKE_ROOT_KEYS: "a:canary" },
      { log: (line) => log.push(line), audit: () => undefined },
    );
    for (const target of ["/v1/store/secrets", "/anything"]) {
      const response = await app.fetch(post(target));
      expect([response.status, await response.json()]).toEqual([503, { err: "state_not_ready" }]);
    }
    expect((await app.fetch(new Request("http://edge.test/v1/store/secrets"))).status).toBe(400);
    expect(log[0]).toMatchObject({ event: "not_configured", detail: expect.stringContaining("LIBSQL_URL is not set") });
    expect(JSON.stringify(log)).not.toContain("canary");
  });

  describe("with a problem in a setting that is valid in itself", async () => {
    const { entry } = await mintingKey("ES256");
    const weak = { kty: "RSA", n: "AQAB", e: "AQAB", kid: "weak", use: "jwt-svid" };
    const authority = (await certificateAuthority({ trustDomain: "example.org" })).bundleEntry;

    it.each([
      ["another use", [{ ...entry, use: "sig" }], "entry 0 (use)"],
      ["no use", [{ ...entry, use: undefined }], "entry 0 (use)"],
      ["a weak key", [weak], "entry 0 (rsa-strength)"],
      ["an unknown key type", [{ ...entry, kty: "OKP" }], "entry 0 (key-type)"],
      ["no key id", [{ ...entry, kid: "" }], "entry 0 (key-id-missing)"],
      ["another algorithm", [{ ...entry, alg: "ES384" }], "entry 0 (algorithm)"],
      ["a point off the curve", [{ ...entry, y: entry["x"] }], "entry 0 (import)"],
      ["a repeated key id", [entry, entry], "entry 0 (key-id-repeated), 1 (key-id-repeated)"],
      ["no objects", [null, "x"], "entry 0 (not-an-object), 1 (not-an-object)"],
      ["authorities without a certificate", [{ use: "x509-svid", kty: "EC" }], "entry 0 (certificate-missing)"],
      [
        "many unusable entries",
        Array.from({ length: 12 }, () => 7),
        `entry ${Array.from({ length: 10 }, (_, n) => `${n} (not-an-object)`).join(", ")} and 2 more`,
      ],
    ])("is not ready with a bundle of %s only, and logs the entries (Q10)", async (_, keys, entries) => {
      const { app, log } = await composed({ SPIKE_TRUST_BUNDLES: bundlesOf(keys) });
      expect(log.filter(({ event }) => event === "not_configured")).toEqual([]);
      for (const target of ["/v1/store/secrets", "/readyz"]) {
        const method = target === "/readyz" ? "GET" : "POST";
        expect((await app.fetch(new Request(`http://edge.test${target}`, { method }))).status).toBe(503);
      }
      const detail = `SPIKE_TRUST_BUNDLES has a bundle for "example.org" without a usable entry: ${entries}`;
      expect(log.filter(({ event }) => event === "not_configured").map((line) => line.detail)).toEqual([
        detail,
        detail,
      ]);
    });

    it.each([
      ["an empty bundle", bundlesOf([]), /a bundle for "example.org" without entries: no identity of this domain/],
      ["no bundles", "{}", /no bundle for a trust domain of SPIKE_TRUST_ROOT_PILOT: no superuser/],
      ["a bundle of another domain", bundlesOf([entry], "other.example"), /no superuser can authenticate/],
      ["an ignored entry", bundlesOf([entry, weak]), /with ignored entries: entry 1 \(rsa-strength\)$/],
      [
        "ignored entries",
        bundlesOf([7, entry, { ...entry, kid: "b", use: "sig" }]),
        /entry 0 \(not-an-object\), 2 \(use\)$/,
      ],
      ["authorities only", bundlesOf([authority]), /without keys for tokens, and SPIKE_CLIENT_CERTIFICATES is none/],
    ])("is ready with %s, and warns (Q10)", async (_, SPIKE_TRUST_BUNDLES, warning) => {
      const { app, log } = await composed({ SPIKE_TRUST_BUNDLES, SPIKE_NEXUS_BACKEND_STORE: "lite", ...NO_DATABASE });
      expect((await app.fetch(new Request("http://edge.test/readyz"))).status).toBe(200);
      expect(warningsIn(log)).toEqual([expect.stringMatching(warning)]);
    });

    it("does not warn about a complete configuration (Q38)", async () => {
      const replica = {
        LIBSQL_REPLICA_URL: "https://near.example.org",
        LIBSQL_REPLICA_AUTH_TOKEN: "hunter3",
        SPIKE_REPLICA_READS: "1",
        SPIKE_REPLICA_MAX_STALENESS_MS: "5000",
        SPIKE_STORE_ID: "0".repeat(32),
      };
      for (const more of [{}, { LIBSQL_URL_IS_PRIMARY: "1" }, replica]) {
        const { log } = await composed({ SPIKE_TRUST_BUNDLES: bundlesOf([entry, authority]), ...more });
        expect(log).toEqual([]);
      }
    });

    it("does not warn about a bundle with authorities only if client certificates are accepted (Q10)", async () => {
      const proxy = { SPIKE_CLIENT_CERTIFICATES: "proxy", SPIKE_PROXY_SECRETS: "s".repeat(32) };
      const { log } = await composed({ SPIKE_TRUST_BUNDLES: bundlesOf([authority]), ...proxy });
      expect(log).toEqual([]);
    });

    it.each([
      ["an unset audience", { SPIKE_AUDIENCE: "" }, /^SPIKE_AUDIENCE is not set: a token for any other deployment/],
      [
        "the memory store",
        { SPIKE_NEXUS_BACKEND_STORE: "memory", ...NO_DATABASE },
        /^SPIKE_NEXUS_BACKEND_STORE is memory/,
      ],
      ["no TLS", { LIBSQL_URL: "http://db", LIBSQL_ALLOW_PLAINTEXT: "1" }, /^LIBSQL_URL does not use TLS: /],
      ["no token", { LIBSQL_AUTH_TOKEN: undefined }, /^LIBSQL_AUTH_TOKEN is not set: anyone who reaches the database/],
      ["an unused URL", { SPIKE_NEXUS_BACKEND_STORE: "lite", LIBSQL_AUTH_TOKEN: "" }, /^LIBSQL_URL has no effect: /],
      [
        "an unused bound",
        { SPIKE_REPLICA_MAX_STALENESS_MS: "5000" },
        /^SPIKE_REPLICA_MAX_STALENESS_MS has no effect: .* is not 1$/,
      ],
      [
        "an unused store id",
        { SPIKE_STORE_ID: "0".repeat(32) },
        /^SPIKE_STORE_ID has no effect: SPIKE_REPLICA_READS is not 1$/,
      ],
      [
        "an unused token",
        { LIBSQL_REPLICA_AUTH_TOKEN: "x" },
        /^LIBSQL_REPLICA_AUTH_TOKEN has no effect: .* is not set$/,
      ],
      [
        "an unused replica",
        { SPIKE_NEXUS_BACKEND_STORE: "lite", ...NO_DATABASE, LIBSQL_REPLICA_URL: "https://near" },
        /^LIBSQL_REPLICA_URL has no effect: /,
      ],
      [
        "unused reads",
        { SPIKE_NEXUS_BACKEND_STORE: "lite", ...NO_DATABASE, SPIKE_REPLICA_READS: "1" },
        /^SPIKE_REPLICA_READS has no effect: /,
      ],
      [
        "an unused primary",
        { SPIKE_NEXUS_BACKEND_STORE: "lite", ...NO_DATABASE, LIBSQL_URL_IS_PRIMARY: "1" },
        /^LIBSQL_URL_IS_PRIMARY has no effect: /,
      ],
      [
        "a replica without TLS",
        { LIBSQL_REPLICA_URL: "http://near", LIBSQL_ALLOW_PLAINTEXT: "1" },
        /^LIBSQL_REPLICA_URL does not use TLS: .* the token and stored data$/,
      ],
      ["an unused secret", { SPIKE_PROXY_SECRETS: "p" }, /^SPIKE_PROXY_SECRETS has no effect: .* is not proxy$/],
      ["unused hosts", { SPIKE_CLIENT_CERTIFICATE_HOSTS: "a.b" }, /^SPIKE_CLIENT_CERTIFICATE_HOSTS has no effect/],
      [
        "a domain twice",
        { SPIKE_TRUST_ROOT_PILOT: "example.org, example.org" },
        /^SPIKE_TRUST_ROOT_PILOT has an entry twice/,
      ],
      [
        "a secret twice",
        { SPIKE_CLIENT_CERTIFICATES: "proxy", SPIKE_PROXY_SECRETS: `${SECRET},${SECRET}` },
        /^SPIKE_PROXY_SECRETS has an entry twice$/,
      ],
      [
        "a small body",
        { SPIKE_MAX_BODY_BYTES: "4096" },
        /^SPIKE_NEXUS_CRYPTO_MAX_CIPHERTEXT_SIZE is limited to 2880 by/,
      ],
      [
        "an unknown setting",
        { SPIKE_ROOT_KEY: KEY_A },
        /^SPIKE_ROOT_KEY is not a setting .* did you mean SPIKE_ROOT_KEYS\?$/,
      ],
    ])("warns once about %s (Q38)", async (_, env, warning) => {
      const { app, log } = await composed({ SPIKE_TRUST_BUNDLES: bundlesOf([entry]), ...env });
      expect(warningsIn(log)).toEqual([expect.stringMatching(warning)]);
      for (let request = 0; request < 3; request += 1) await app.fetch(new Request("http://edge.test/healthz"));
      expect(warningsIn(log)).toHaveLength(1);
      for (const secret of [SECRET, KEY_A.slice(2), "hunter2"]) expect(JSON.stringify(log)).not.toContain(secret);
    });

    it("warns at the first scheduled event if no request was before it (Q38)", async () => {
      const log: LogLine[] = [];
      const output = { log: (line: LogLine) => void log.push(line), audit: () => undefined };
      const app = await compose({ SPIKE_ROOT_KEY: KEY_A }, output);
      for (const at of [0, 1]) await app.scheduled(at);
      expect(log.map(({ event }) => event)).toEqual(["configuration_warning", "not_configured", "not_configured"]);
    });

    it("names a misspelt setting also if the right one is missing (Q38)", async () => {
      const { log } = await composed({ SPIKE_ROOT_KEYS: undefined, SPIKE_ROOT_KEY: KEY_A });
      expect(warningsIn(log)).toEqual([expect.stringContaining("did you mean SPIKE_ROOT_KEYS?")]);
    });
  });
});

function bundlesOf(keys: readonly unknown[], domain = "example.org"): string {
  return JSON.stringify({ [domain]: { keys } });
}

async function composed(
  env: Readonly<Record<string, unknown>>,
): Promise<{ readonly app: App; readonly log: LogLine[] }> {
  const log: LogLine[] = [];
  const complete = {
    LIBSQL_URL: "https://db.example.org",
    LIBSQL_AUTH_TOKEN: "hunter2",
    SPIKE_ROOT_KEYS: KEY_A,
    SPIKE_TRUST_ROOT_PILOT: "example.org",
    SPIKE_AUDIENCE: "here",
  };
  const app = await compose({ ...complete, ...env }, { log: (line) => log.push(line), audit: () => undefined });
  expect(log).toEqual([]);
  await app.fetch(new Request("http://edge.test/healthz"));
  return { app, log };
}

function warningsIn(log: readonly LogLine[]): readonly (string | undefined)[] {
  return log.filter(({ event }) => event === "configuration_warning").map(({ detail }) => detail);
}
