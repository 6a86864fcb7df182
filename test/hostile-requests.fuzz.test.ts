import * as fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { importProxySecret } from "../src/api/proxy-secret.ts";
import { mint, mintingKey, part, type MintingKey } from "../src/identity/jwt/minting.fixture.ts";
import { certificateAuthority } from "../src/identity/x509/minting.fixture.ts";
import { OPERATIONS } from "../src/api/nexus/operations.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Change, Store } from "../src/store/store.ts";
import type { Credentials } from "./harness/hostile-headers.ts";
import { type HostileRequest, hostileRequests } from "./harness/hostile-requests.ts";
import { SUPERUSER } from "./harness/identity.ts";
import { type TestService, testService } from "./harness/service.ts";

const IS_LONG = process.env["LONG"] === "1";
const RUNS = IS_LONG ? 100_000 : 5000;
/** A run with the same seed sends the same requests. */
const SEED = Number(process.env["FUZZ_SEED"] ?? crypto.getRandomValues(new Int32Array(1))[0]);

const SECRETS = "/v1/store/secrets";
const VALUE = "the-secret-value";
const REJECTIONS = new Set([400, 401, 404, 405, 413, 429]);

let service: TestService;
let store: Store;
let credentials: Credentials;
let revision: number;
const commits: Change[] = [];
beforeAll(async () => {
  const [key, otherKey, authority, unknownAuthority] = await Promise.all([
    mintingKey("ES256", "k1"),
    mintingKey("ES256", "k1"),
    certificateAuthority({ trustDomain: "partner.org" }),
    certificateAuthority({ trustDomain: "stranger.org" }),
  ]);
  const proxySecret = "a-secret-of-at-least-thirty-two-letters";
  const limitedAddress = "192.0.2.99";
  store = memoryStore({ storeId: "s", now: Date.now });
  const counting: Store = {
    load: async (query, signal) => await store.load(query, signal),
    commit: async (change, query, signal) => (commits.push(change), await store.commit(change, query, signal)),
  };
  service = await testService(counting, {
    maxBodyBytes: 8192,
    certificates: { kind: "proxy", secrets: [await importProxySecret(proxySecret)] },
    rateLimits: {
      byAddress: { limit: async ({ key }) => await Promise.resolve({ success: key !== limitedAddress }) },
    },
    fetch: async () => await Promise.reject(new Error("the service must not fetch anything for these requests")),
  });
  await fillStore(key, authority.bundleEntry);
  const leaf = async (of: typeof authority, id: string, more = {}) => (await of.issueLeaf({ id, ...more })).der;
  credentials = {
    proxySecret,
    limitedAddress,
    unprivilegedTokens: await unprivilegedTokens(key),
    invalidTokens: await invalidTokens(key, otherKey),
    permittedTokens: await Promise.all([
      service.domain.token(SUPERUSER),
      mint(key, claims("spiffe://partner.org/web")),
    ]),
    certificates: [
      authority.der,
      unknownAuthority.der,
      ...(await Promise.all([
        leaf(authority, "spiffe://partner.org/nobody"),
        leaf(authority, "spiffe://spike.ist/spike/pilot/role/superuser"),
        leaf(authority, "spiffe://partner.org/web", { notAfter: Date.UTC(2021, 0) }),
        leaf(unknownAuthority, "spiffe://partner.org/web"),
        leaf(unknownAuthority, "spiffe://stranger.org/web"),
      ])),
    ],
    permittedCertificates: [await leaf(authority, "spiffe://partner.org/web")],
  };
  ({ revision } = (await store.load({}, new AbortController().signal)).store);
  commits.length = 0;
});

/** Stores a secret, policies and a trust bundle. */
async function fillStore(key: MintingKey, authority: object): Promise<void> {
  const bodies: readonly (readonly [string, object])[] = [
    [SECRETS, { path: "app/a", values: { v: VALUE } }],
    [SECRETS, { path: "app/a", values: { v: VALUE } }],
    [`${SECRETS}?action=delete`, { path: "app/a", versions: [1] }],
    [
      "/v1/acl/policy",
      { name: "p", spiffeidPattern: "^spiffe://partner\\.org/web$", pathPattern: "^app/", permissions: ["super"] },
    ],
    // A policy that is loaded for every caller and matches no caller. It makes the snapshot contain the requested secret.
    [
      "/v1/acl/policy",
      { name: "q", spiffeidPattern: "^spiffe://[a-z.]+/not-you$", pathPattern: "app/", permissions: ["super"] },
    ],
    ["/v1/trust/bundle", { trustDomain: "partner.org", bundle: { keys: [key.entry, authority] } }],
  ];
  for (const [target, body] of bodies) expect((await service.post(target, body)).status, target).toBe(200);
}

function claims(sub: string, more: object = {}): object {
  return { sub, aud: "spike-nexus", exp: Math.floor(Date.now() / 1000) + 3600, ...more };
}

/** Valid tokens of a configured and of a stored trust domain. Some IDs resemble those of roles. */
async function unprivilegedTokens(key: MintingKey): Promise<readonly string[]> {
  return await Promise.all([
    mint(key, claims("spiffe://partner.org/nobody")),
    mint(key, claims("spiffe://partner.org/spike/pilot/role/superuser")),
    service.domain.token("/nobody"),
    // Not the ID of a lite workload, which may encrypt.
    service.domain.token("/spike/nexus"),
    service.domain.token(`${SUPERUSER}s`),
  ]);
}

/** Tokens with a wrong key, audience, domain, expiry or algorithm. */
async function invalidTokens(key: MintingKey, otherKey: MintingKey): Promise<readonly string[]> {
  const web = "spiffe://partner.org/web";
  const header = { alg: "ES256", kid: "k1" };
  const hmac = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(JSON.stringify(key.entry)),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const input = `${part({ alg: "HS256", kid: "k1" })}.${part(claims(web))}`;
  const mac = await crypto.subtle.sign("HMAC", hmac, new TextEncoder().encode(input));
  const signed = await Promise.all([
    service.domain.token(SUPERUSER, { aud: "vault" }),
    service.domain.token(SUPERUSER, { exp: 1_700_000_000 }),
    mint(otherKey, claims(web)),
    mint(key, claims(`spiffe://spike.ist${SUPERUSER}`)),
    mint(key, claims("spiffe://unknown.org/web")),
    mint(key, claims(web, { exp: 1 })),
    mint(key, claims(web), { ...header, jwk: key.entry }),
    mint(key, claims(web), { ...header, alg: "RS256" }),
  ]);
  return [
    ...signed,
    `${part({ ...header, alg: "none" })}.${part(claims(web))}.`,
    `${input}.${Buffer.from(mac).toString("base64url")}`,
  ];
}

/** The body as a socket delivers it. */
function bodyOf({ body, delivery }: HostileRequest): BodyInit {
  if (delivery === "whole") return body;
  const half = Math.floor(body.length / 2);
  const pieces = [body.slice(0, half), body.slice(half)];
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece !== undefined) controller.enqueue(piece);
      else if (delivery === "reset") controller.error(new Error("reset"));
      else controller.close();
    },
  });
}

async function expectRejection(hostile: HostileRequest): Promise<void> {
  const { method, target, headers } = hostile;
  const hasBody = method !== "GET" && method !== "HEAD";
  const init = { method, headers, ...(hasBody && { body: bodyOf(hostile), duplex: "half" }) } as RequestInit;
  const response = await service.fetch(new Request(`http://edge.test${target}`, init));
  const text = await response.text();
  expect(REJECTIONS).toContain(response.status);
  if (method !== "HEAD") {
    const body: unknown = JSON.parse(text);
    expect(body).toHaveProperty(response.status === 400 && text.includes('"Code"') ? "Code" : "err");
  }
  expect(text).not.toContain(VALUE);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(response.headers.get("cache-control")).toContain("no-store");
  expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
  expect(commits).toEqual([]);
}

it("accepts the permitted credentials before they are mutated", async () => {
  const headers = [
    ...credentials.permittedTokens.map((token) => ({ authorization: `Bearer ${token}` })),
    ...credentials.permittedCertificates.map((der) => ({
      "client-cert": `:${Buffer.from(der).toString("base64")}:`,
      "x-spike-proxy-secret": credentials.proxySecret,
    })),
  ];
  for (const sent of headers) {
    const init = { method: "POST", headers: sent, body: '{"path":"app/a"}' };
    const response = await service.fetch(new Request(`http://edge.test${SECRETS}?action=get`, init));
    expect([response.status, await response.text()]).toEqual([200, `{"data":{"v":"${VALUE}"}}`]);
  }
});

it(
  `rejects every request without a permission, and writes nothing (${RUNS} requests)`,
  async () => {
    console.info(`FUZZ_SEED=${SEED}`);
    const start = service.audit.length;
    await fc.assert(
      fc.asyncProperty(
        hostileRequests(() => credentials),
        expectRejection,
      ),
      { numRuns: RUNS, seed: SEED },
    );
    expect((await store.load({}, new AbortController().signal)).store.revision).toBe(revision);
    // No request caused an unexpected error.
    expect(service.log.filter(({ level }) => level === "error")).toEqual([]);

    const lines = service.audit.slice(start);
    const counts = Map.groupBy(lines, ({ outcome }) => outcome);
    const outcomes = [
      "no_such_operation",
      "bad_request",
      "body_too_large",
      "unreadable_body",
      "unauthorized",
      "denied",
      "rate_limited",
    ];
    for (const outcome of outcomes) {
      expect(counts.get(outcome)?.length ?? 0, outcome).toBeGreaterThan(RUNS / 500);
    }
    // A refusal always says why, at least in the log (Q12).
    const unexplained = lines.filter(({ status, reason }) => [400, 408, 413, 415].includes(status) && !reason);
    expect(unexplained).toEqual([]);
    // The requests reached every operation, and most of the checks of identities.
    const operations = Object.values(OPERATIONS).flatMap((actions) => Object.keys(actions));
    expect(new Set(lines.map(({ action }) => action)).size).toBe(operations.length + 1);
    const reasons = new Set(lines.flatMap(({ reason }) => reason ?? []));
    expect(reasons.size).toBeGreaterThan(15);
  },
  IS_LONG ? 900_000 : 60_000,
);
