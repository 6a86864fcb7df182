import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OPERATIONS } from "../src/api/nexus/operations.ts";
import { writeIdOf } from "../src/commit/write-id.ts";
import { mint, mintingKey } from "../src/identity/jwt/minting.fixture.ts";
import { compose } from "../src/runtime/compose.ts";
import { StoreUnavailable } from "../src/store/store-unavailable.ts";
import type { Fault } from "../tools/fault-proxy/fault-proxy.ts";
import { createCanaries, encodingsOf, type Output } from "./harness/canaries.ts";
import { AUDIT, BUNDLE, type CanaryFixture, createFixture, POLICY, SECRETS } from "./harness/canary-fixture.ts";
import {
  exceptions,
  malformedRequests,
  type RequestsByStatus,
  requestsUnderFaults,
  routeOf,
  unauthorizedRequests,
  USED_KEY,
} from "./harness/canary-requests.ts";
import { CASES } from "./harness/canary-routes.ts";
import { type CanaryService, startCanaryService, STORES, type TestRequest } from "./harness/canary-service.ts";
import { VALUES } from "./harness/canary-values.ts";
import { type Cluster, cluster } from "./harness/cluster.ts";
import { SUPERUSER } from "./harness/identity.ts";
import { KEY_A } from "./harness/service.ts";
import { watchToken } from "./harness/watch-credentials.ts";

/** Successful requests: by the superuser, with and without an idempotency key, and by a workload. */
async function successfulRequests(
  service: CanaryService,
  valid: () => Promise<object>,
  { writes, allowsWorkloads }: { readonly writes: boolean; readonly allowsWorkloads: boolean },
): Promise<RequestsByStatus> {
  const { canaries, proxySecret } = service;
  const requests: TestRequest[] = [{ name: "a valid request", body: await valid() }];
  if (writes) {
    const request = { body: await valid(), headers: { "idempotency-key": canaries.text("an idempotency key") } };
    requests.push({ name: "a request with a key", ...request }, { name: "the same request again", ...request });
  }
  if (allowsWorkloads) {
    const token = await service.token("the token of a workload", "/web");
    const certificate = await service.certificate("spiffe://partner.org/web");
    const fromProxy = { ...certificate, "x-spike-proxy-secret": proxySecret, authorization: "" };
    requests.push(
      { name: "a workload with a token", body: await valid(), headers: { authorization: `Bearer ${token}` } },
      { name: "a workload with a certificate", body: await valid(), headers: fromProxy },
    );
  }
  return { 200: requests };
}

/** Stores what the requests of all routes refer to. */
async function fillStore({ prepare, values, policy, bundle, endpointUrl }: CanaryFixture): Promise<void> {
  await prepare(SECRETS, { path: "app/kept", values: values() }, { "idempotency-key": USED_KEY });
  await prepare(SECRETS, { path: "app/kept", values: values() });
  await prepare(POLICY, { name: "kept", ...policy() });
  const web = { spiffeidPattern: "^spiffe://partner\\.org/web$", permissions: ["super"] };
  const patterns = ["^app/", "^spike/system/acl$", "^spike/system/secret$", "^spike/system/cipher/exec$"];
  for (const [index, pathPattern] of patterns.entries()) {
    await prepare(POLICY, { name: `web-${index}`, ...web, pathPattern });
  }
  await prepare(BUNDLE, { trustDomain: "partner.org", bundle: bundle() });
  await prepare(BUNDLE, { trustDomain: "newer.org", bundle: bundle({ spiffe_sequence: 2 }) });
  const newer = { trustDomain: "newer-fetched.org", bundle: bundle({ spiffe_sequence: 2 }) };
  await prepare(BUNDLE, { ...newer, endpointUrl: endpointUrl() });
  await prepare(BUNDLE, { trustDomain: "fetched.org", bundle: bundle(), endpointUrl: endpointUrl() });
}

const targets = Object.entries(OPERATIONS).flatMap(([path, operations]) =>
  Object.keys(operations).map((action) => (action === "" ? path : `${path}?action=${action}`)),
);

it("every route has a case, and every case has a route", () => {
  expect(Object.keys(CASES).toSorted()).toEqual(targets.toSorted());
});

describe.each(STORES)("a service over the %s store does not leak secrets (P22)", (kind) => {
  let service: CanaryService;
  let fixture: CanaryFixture;
  beforeAll(async () => {
    service = await startCanaryService(kind);
    fixture = createFixture(service);
    await fillStore(fixture);
  });
  afterAll(() => service.close());

  it.each(targets)("in %s, whatever the outcome", async (target) => {
    const { writes = false, commits = writes, valid: create, faults, more } = CASES[target]!;
    const recorded = service.outputs.length;
    const valid = async (): Promise<object> => await create(fixture);
    const usualFaults = faults?.(fixture) ?? {};
    // The requests that fail change nothing, so one body serves them all.
    const body = await valid();
    const { access } = routeOf(target);
    const groups: readonly RequestsByStatus[] = [
      await successfulRequests(service, valid, { writes, allowsWorkloads: "wanted" in access }),
      malformedRequests(service, body),
      await unauthorizedRequests(service, body, { allowsLite: "lite" in access }),
      requestsUnderFaults(service, body, { writes, commits }),
      // Refreshes and recoveries do not use the idempotency key.
      writes && !/refresh|recover$/.test(target)
        ? { 422: [{ name: "a used key", body, headers: { "idempotency-key": USED_KEY } }] }
        : {},
      (await more?.(fixture)) ?? {},
    ];
    for (const group of groups) {
      for (const [status, requests] of Object.entries(group)) {
        for (const request of requests ?? []) {
          const injected = { ...usualFaults, ...request.faults };
          const response = await service.send(target, { ...request, faults: injected });
          expect([request.name, response.status, response.text]).toEqual([request.name, Number(status), response.text]);
        }
      }
    }
    expect(service.canaries.findIn(service.outputs.slice(recorded))).toEqual([]);
  });

  it("in requests without an operation and in health checks", async () => {
    const { canaries, send, outputs } = service;
    const recorded = outputs.length;
    const canary = (): string => canaries.text("a part of a URL");
    const wrong: readonly (readonly [string, string])[] = [
      ["GET", `${SECRETS}?action=get&path=${canary()}`],
      ["POST", `/v1/store/${canary()}`],
      ["POST", `/${canary()}%2f${canary()}`],
      ["POST", `${SECRETS}?action=${canary()}`],
      ["POST", `${SECRETS}?action=get&action=${canary()}`],
      ["DELETE", `${SECRETS}/${canary()}?${canary()}`],
    ];
    for (const [method, target] of wrong) {
      const body = method === "POST" ? { body: { path: canary(), values: { x: canary() } } } : {};
      expect((await send(target, { name: "no operation", method, ...body })).status).toBe(400);
    }
    const unknown = { name: "an unknown parameter", body: { path: "app/kept" } };
    await send(`${SECRETS}?action=get&${canary()}=${canary()}`, unknown);
    for (const path of ["/healthz", "/readyz"]) {
      expect((await send(`${path}?x=${canary()}`, { name: "health check", method: "GET" })).status).toBe(200);
    }
    for (const [name, load] of Object.entries(exceptions(canaries))) {
      expect((await send("/readyz", { name, method: "GET", faults: { load } })).status).toBe(503);
    }
    expect(canaries.findIn(outputs.slice(recorded))).toEqual([]);
  });

  it("if rate limiters fail", async () => {
    const { canaries, send, outputs } = service;
    const recorded = outputs.length;
    for (const [name, fail] of Object.entries(exceptions(canaries))) {
      const faults = { limits: { address: fail, identity: fail } };
      const body = { path: "app/kept" };
      expect((await send(`${SECRETS}?action=get`, { name, body, faults })).status).toBe(200);
    }
    expect(canaries.findIn(outputs.slice(recorded))).toEqual([]);
  });

  it("if the clock throws", async () => {
    const { canaries, send, outputs } = service;
    const recorded = outputs.length;
    for (const [name, now] of Object.entries(exceptions(canaries))) {
      if (name.includes("error")) {
        const request = { name, body: { path: "app/kept" }, faults: { now } };
        expect((await send(`${SECRETS}?action=get`, request)).status).toBe(500);
      }
    }
    expect(canaries.findIn(outputs.slice(recorded))).toEqual([]);
  });

  it("in scheduled work", async () => {
    const { canaries, runSchedule, outputs, testService } = service;
    const recorded = outputs.length;
    const canary = (): string => canaries.text("an answer of an endpoint");
    const later = Date.now() + 7_200_000;
    const errors = Object.values(exceptions(canaries));
    for (const endpoint of [
      () => new Response(canary()),
      () => new Response(canary(), { status: 500 }),
      () => Response.json(fixture.bundle()),
      () => Response.json({ keys: [{ kty: "oct", k: canary() }] }),
      ...errors,
    ]) {
      await runSchedule(later, { endpoint });
    }
    for (const fail of errors) {
      await runSchedule(later, { load: fail });
      await runSchedule(later, { endpoint: () => Response.json(fixture.bundle()), commit: fail });
    }
    const events = new Set(testService.log.map(({ event }) => event));
    expect([...events]).toEqual(expect.arrayContaining(["bundle_refreshed", "bundle_refresh_failed"]));
    expect(canaries.findIn(outputs.slice(recorded))).toEqual([]);
  });

  it("in write ids: an idempotency key is stored only as a digest", async () => {
    const { canaries, send, testService } = service;
    const key = canaries.text("an idempotency key");
    const path = `app/${fixture.newName()}`;
    const headers = { "idempotency-key": key };
    await send(SECRETS, { name: "a write with a key", body: { path, values: {} }, headers });
    const { body } = await testService.post(`${AUDIT}?action=list`, { resource: `secret:${path}` });
    const caller = `spiffe://spike.ist${SUPERUSER}`;
    const writeId = await writeIdOf(caller, key, () => expect.fail("the write id must not be random"));
    expect(body["entries"]).toMatchObject([{ writeId }]);
  });

  it("in the stored audit and the database files", async () => {
    const { canaries, send, outputs } = service;
    expect(service.watchDataKeys()).toBeGreaterThan(10);
    for (let after = 0; after < 5000; after += 500) {
      await send(`${AUDIT}?action=list`, { name: "all entries", body: { after, limit: 500 } });
    }
    await service.recordDatabaseFiles();
    expect(canaries.findIn(outputs)).toEqual([]);
  });

  it("but returns them to permitted readers", async () => {
    const bodiesOf = (sink: string): readonly object[] =>
      service.outputs
        .filter((output) => output.sink === sink)
        .map(({ bytes }) => JSON.parse(bytes.toString()) as object);
    for (const [sink, member] of [
      ["body of 200 secret.get", "data"],
      ["body of 200 policy.get", "pathPattern"],
      ["body of 200 bundle.get", "bundle"],
    ] as const) {
      expect(bodiesOf(sink), sink).not.toEqual([]);
      for (const body of bodiesOf(sink)) expect(body).toHaveProperty(member);
    }
  });
});

/** The sinks of a service. A test below proves that each is recorded. */
const SINKS = [
  "log line",
  "audit line",
  "response header",
  "body of",
  "store query",
  "store change",
  "rate limiter key",
  "endpoint request",
  "console.error",
];

describe("the canary search", () => {
  const noise = (length: number): Buffer => randomBytes(length);
  const output = (bytes: Buffer) => ({ sink: "here", during: "now", bytes });

  it.each(Object.keys(VALUES))("finds %s in every encoding, whole or in part, inside larger texts", (kind) => {
    const canaries = createCanaries();
    const secret = VALUES[kind]!();
    canaries.watch("it", secret, ["body of 200 secret.get"]);
    const part = Array.from(secret).slice(3, 20).join("");
    for (const text of [secret, part]) {
      for (const [encoding, form] of encodingsOf(text)) {
        const hidden = Buffer.concat([noise(50), form, noise(50)]);
        expect(canaries.findIn([output(hidden)]), encoding).toContainEqual(expect.stringMatching(/^it, as .* in here/));
        expect(canaries.findIn([{ ...output(hidden), sink: "body of 200 secret.get" }]), encoding).toEqual([]);
      }
      for (let offset = 0; offset < 6; offset += 1) {
        const larger = Buffer.concat([noise(offset), Buffer.from(text), noise(7)]);
        for (const encoding of ["base64", "base64url", "hex"] as const) {
          const hidden = Buffer.from(larger.toString(encoding));
          expect(canaries.findIn([output(hidden)]), `${encoding} at ${offset}`).not.toEqual([]);
        }
      }
    }
    expect(canaries.findIn([output(noise(1_000_000))])).toEqual([]);
  });

  it.each(STORES)("covers every sink of a service over the %s store", async (kind) => {
    const service = await startCanaryService(kind);
    const { canaries, send } = service;
    // Each canary is named after the sink that it reaches, by design or because this test leaks it.
    const [logged, printed] = [canaries.text("log line"), canaries.text("console.error")];
    const load = (): never => {
      console.error(printed);
      throw new StoreUnavailable("rejected", "none", logged);
    };
    const traceId = crypto.getRandomValues(new Uint8Array(16));
    canaries.watch("response header", traceId);
    const headers = { traceparent: `00-${Buffer.from(traceId).toString("hex")}-00f067aa0ba902b7-01` };
    await send(`${SECRETS}?action=get`, { name: "load", body: { path: "a" }, headers, faults: { load } });

    const path = canaries.text("audit line");
    canaries.watch("store query", path);
    canaries.watch("store change", path);
    canaries.watch("database files", path);
    const value = canaries.text("body of");
    const address = { "cf-connecting-ip": canaries.text("rate limiter key") };
    await send(SECRETS, { name: "put", body: { path, values: { v: value } }, headers: address });
    await send(`${SECRETS}?action=get`, { name: "get", body: { path } });

    const endpointUrl = `https://partner.org/${canaries.text("endpoint request")}`;
    await send(BUNDLE, { name: "put", body: { trustDomain: "partner.org", endpointUrl } });
    await send(`${BUNDLE}?action=refresh`, { name: "refresh", body: { trustDomain: "partner.org" } });
    await service.recordDatabaseFiles();
    service.close();

    const found = canaries.findIn(service.outputs);
    for (const sink of [...SINKS, ...(kind === "libsql" ? ["database files"] : [])]) {
      expect(found, sink).toContainEqual(expect.stringMatching(new RegExp(`^${sink}, as \\S+, in ${sink}`)));
    }
    // No other sinks exist.
    const isKnown = ({ sink }: Output): boolean => [...SINKS, "database files"].some((known) => sink.startsWith(known));
    expect(service.outputs.filter((each) => !isKnown(each))).toEqual([]);
  });
});

/** Settings that may hold a secret, each with the other settings that make the service read it. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LIBSQL_URL: {},
  LIBSQL_AUTH_TOKEN: {},
  LIBSQL_URL_IS_PRIMARY: {},
  LIBSQL_REPLICA_URL: {},
  LIBSQL_REPLICA_AUTH_TOKEN: { LIBSQL_REPLICA_URL: "https://near.example.org" },
  SPIKE_REPLICA_READS: {},
  SPIKE_REPLICA_MAX_STALENESS_MS: {},
  SPIKE_STORE_ID: {},
  SPIKE_ROOT_KEYS: {},
  SPIKE_TRUST_BUNDLES: {},
  SPIKE_CLIENT_CERTIFICATES: {},
  SPIKE_CLIENT_CERTIFICATE_HOSTS: { SPIKE_CLIENT_CERTIFICATES: "cloudflare" },
  SPIKE_PROXY_SECRETS: { SPIKE_CLIENT_CERTIFICATES: "proxy" },
  SPIKE_NEXUS_BACKEND_STORE: {},
  SPIKE_TRUST_ROOT_PILOT: {},
  SPIKE_MAX_BODY_BYTES: {},
  SPIKE_RATE_LIMIT_BY_ADDRESS: {},
};

it.each(Object.keys(SETTINGS))("a configuration rejected for its %s does not repeat the value (P22)", async (name) => {
  const canaries = createCanaries();
  const outputs: Output[] = [];
  const record = (line: object): void =>
    void outputs.push({ sink: "a line", during: "start", bytes: Buffer.from(JSON.stringify(line)) });
  const canary = (): string => canaries.text(name);
  const forms = [
    `A ${canary()}`,
    `${canary()}ü`,
    `a:${canary()}`,
    `{"a":{"keys":["${canary()}"],"d":"${canary()}`,
    `{"a":{"keys":[{"kty":"EC","d":"${canary()}"}]}}`,
    `{"${canary()} ":{"keys":[]}}`,
    `https://x:${canary()}@db.example.org/?authToken=${canary()}`,
    `${canary()}, ${canary()}`,
  ];
  let rejected = 0;
  for (const form of forms) {
    const valid = { LIBSQL_URL: "https://db.example.org", SPIKE_ROOT_KEYS: KEY_A };
    const app = await compose({ ...valid, ...SETTINGS[name], [name]: form }, { log: record, audit: record });
    const request = new Request(`http://edge.test${SECRETS}`, { method: "POST", body: `{"x":"${canary()}"` });
    const response = await app.fetch(request);
    record([await response.text(), ...response.headers]);
    if (response.status !== 503) continue;
    rejected += 1;
    await app.scheduled(Date.now());
  }
  // Many texts are valid tokens. Of the other settings, some accept one of the forms.
  expect(rejected).toBeGreaterThanOrEqual(name.endsWith("AUTH_TOKEN") ? 0 : forms.length - 1);
  expect(outputs.length).toBeGreaterThan(forms.length);
  expect(canaries.findIn(outputs)).toEqual([]);
});

/** Everything that a real worker prints, sends and stores. */
describe("a real worker does not leak secrets (P22)", () => {
  const canaries = createCanaries();
  /** Not secret: they prove that the search covers each sink. */
  const open = createCanaries();
  const outputs: Output[] = [];
  const record = (sink: string, during: string, bytes: string | Buffer): void =>
    void outputs.push({ sink, during, bytes: Buffer.from(bytes as string) });
  let edge: Cluster;
  beforeAll(async () => {
    const rootKey = randomBytes(32);
    const key = rootKey.toString("base64url");
    canaries.watch("the root key", rootKey);
    canaries.watch("the root key", key);
    const [proxySecret, databaseToken] = ["the proxy secret", "the database token"].map(
      (name) => canaries.text(name) + canaries.text(name),
    );
    edge = await cluster(1, {
      SPIKE_ROOT_KEYS: `a:${key}`,
      SPIKE_CLIENT_CERTIFICATES: "proxy",
      SPIKE_PROXY_SECRETS: proxySecret!,
      LIBSQL_AUTH_TOKEN: databaseToken!,
      SPIKE_REQUEST_TIMEOUT_MS: "3500",
    });
    injectFaults(() => "pass");
    secret = proxySecret!;
    superuser = await edge.domain.token(SUPERUSER);
    watchToken(canaries, "the superuser's token", superuser);
  });
  afterAll(async () => await edge.close());

  let secret: string;
  let superuser: string;
  /** Sets the faults of the database connection, and records what the worker sends over it. */
  const injectFaults = (fault: (body: string) => Fault): void =>
    edge.proxies[0]!.inject((body) => {
      record("database request", "", body);
      return fault(body);
    });
  const send = async (target: string, body: object | string, headers: Record<string, string> = {}): Promise<number> => {
    const response = await fetch(`${edge.workers[0]!.url}${target}`, {
      method: "POST",
      headers: { authorization: `Bearer ${superuser}`, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    record(`body of ${response.status} ${target}`, target, text);
    for (const header of response.headers) record("response header", target, header.join(": "));
    return response.status;
  };
  const VALUE_SINKS = [`body of 200 ${SECRETS}?action=get`];
  const values = (): object => ({ [canaries.text("a name", VALUE_SINKS)]: canaries.text("a value", VALUE_SINKS) });
  const canary = (): string => canaries.text("a part of a request");

  it("in requests that succeed and requests that fail", async () => {
    const path = "app/a";
    const policy = {
      name: "p",
      spiffeidPattern: `^spiffe://x/${canary()}$`,
      pathPattern: `^${canary()}/`,
      permissions: [],
    };
    const claims = {
      sub: "spiffe://spike.ist/app",
      aud: "spike-nexus",
      exp: Math.floor(Date.now() / 1000) + 300,
      jti: canary(),
    };
    const forged = await mint(await mintingKey("ES256", "k1"), claims);
    watchToken(canaries, "a forged token", forged);
    const [put, get] = [SECRETS, `${SECRETS}?action=get`];
    expect([
      await send(put, { path, values: values() }, { "idempotency-key": canaries.text("an idempotency key") }),
      await send(get, { path }),
      await send(put, { path, values: values(), cas: 9 }),
      await send(put, `{"path":"app/a","values":{"a":"${canary()}"`),
      await send(put, { path: `${canary()} `, values: values() }),
      await send(put, { path, values: values() }, { authorization: `Bearer ${forged}` }),
      await send(put, { path, values: values() }, { authorization: `Basic ${canary()}` }),
      await send(get, { path }, { "x-spike-proxy-secret": canary() }),
      await send(get, { path }, { "x-spike-proxy-secret": secret, "client-cert": canary() }),
      await send(`/v1/${canary()}?${canary()}`, {}),
      await send(put, `"${canary().repeat(50_000)}"`),
      await send("/v1/acl/policy", { ...policy, permissions: ["read"] }),
      await send("/v1/acl/policy", { ...policy, pathPattern: `(${canary()}` }),
      await send("/v1/trust/bundle", { trustDomain: "a.org", bundle: { keys: [{ kty: "oct", k: canary() }] } }),
    ]).toEqual([200, 200, 409, 400, 400, 401, 401, 401, 401, 400, 413, 200, 400, 400]);
  });

  it("if its database is down, answers with malformed text or hangs", async () => {
    const faults = new Map<string, Fault>([
      ["down/1", "cut-request"],
      ["down/2", "cut-half-answer"],
      ["down/3", "hang"],
      ["down/4", { status: 500 }],
      ["down/5", { body: `{"${canary()}` }],
      ["down/6", { body: `{"results":[{"type":"error","error":{"message":"${canary()}","code":"${canary()}"}}]}` }],
    ]);
    injectFaults((body) => faults.get(/"(down\/\d)"/.exec(body)?.[1] ?? "") ?? "pass");
    const requests = [...faults.keys()].flatMap((path) => [
      send(SECRETS, { path, values: values() }),
      send(`${SECRETS}?action=get`, { path }),
    ]);
    expect(new Set(await Promise.all(requests))).toEqual(new Set([503]));
    const reasons = ["store_connection", "store_malformed", "store_status", "store_deadline"];
    expect(edge.workers[0]!.output().match(/store_[a-z]+/g)).toEqual(expect.arrayContaining(reasons));

    injectFaults(() => ({ delayMs: 50 }));
    const hangUp = new Promise((go) => setTimeout(go, 20));
    await edge.postAndHangUp(0, "", { path: "app/c", values: values() }, hangUp);
    injectFaults(() => "pass");
    await edge.workers[0]!.schedule(Date.now());
    await expect.poll(() => edge.workers[0]!.output()).toContain("app/c");
  });

  it("in its output, its database and its responses", async () => {
    const path = open.text("a path");
    expect(await send(SECRETS, { path, values: values() })).toBe(200);
    expect(await send(`${SECRETS}?action=list`, {})).toBe(200);
    await expect.poll(() => edge.workers[0]!.output()).toContain(path);
    record("worker output", "all tests", edge.workers[0]!.output());
    for (const [name, bytes] of await edge.database.contents()) record("database files", name, bytes);
    const found = open.findIn(outputs).join("\n");
    for (const sink of ["worker output", "database files", "database request", "body of 200"]) {
      expect(found).toContain(`a path, as UTF-8, in ${sink}`);
    }
    expect(canaries.findIn(outputs)).toEqual([]);
  });
});
