import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createClient } from "@libsql/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROUTES } from "../src/api/nexus/routes.ts";
import { writeIdOf } from "../src/commit/write-id.ts";
import { compose } from "../src/runtime/compose.ts";
import { StoreUnavailable } from "../src/store/store-unavailable.ts";
import { canaries, encodingsOf, type Sighting } from "./harness/canaries.ts";
import { type Asks, exceptions, malformed, routeOf, unauthorized, unlucky, USED_KEY } from "./harness/canary-asks.ts";
import { AUDIT, BUNDLE, CASES, POLICY, type Scene, sceneOn, SECRETS } from "./harness/canary-routes.ts";
import { type Ask, canaryStage, type Stage, STORES, VALUES, watchToken } from "./harness/canary-stage.ts";
import { type Cluster, cluster } from "./harness/cluster.ts";
import { SUPERUSER } from "./harness/identity.ts";
import { KEY_A } from "./harness/service.ts";
import type { Fault } from "../tools/fault-proxy/fault-proxy.ts";
import { mint, mintingKey } from "../src/identity/jwt/minting.fixture.ts";

/** Good requests: by the superuser, with a key and again, and by a workload, by its token and by its certificate. */
async function successes(
  stage: Stage,
  good: () => Promise<object>,
  { writes, isOpen }: { readonly writes: boolean; readonly isOpen: boolean },
): Promise<Asks> {
  const { marks, proxySecret } = stage;
  const asks: Ask[] = [{ what: "a good request", body: await good() }];
  if (writes) {
    const kept = { body: await good(), headers: { "idempotency-key": marks.text("an idempotency key") } };
    asks.push({ what: "a good request with a key", ...kept }, { what: "the same again", ...kept });
  }
  if (isOpen) {
    const token = await stage.token("the token of a workload", "/web");
    const certificate = await stage.certificate("spiffe://partner.org/web");
    const proved = { "x-spike-proxy-secret": proxySecret, authorization: "" };
    asks.push(
      { what: "a workload by token", body: await good(), headers: { authorization: `Bearer ${token}` } },
      { what: "a workload by certificate", body: await good(), headers: { ...certificate, ...proved } },
    );
  }
  return { 200: asks };
}

const targets = Object.entries(ROUTES).flatMap(([path, operations]) =>
  Object.keys(operations).map((action) => (action === "" ? path : `${path}?action=${action}`)),
);

it("every route has its case, and no case is of a route that is gone", () => {
  expect(Object.keys(CASES).toSorted()).toEqual(targets.toSorted());
});

describe.each(STORES)("P22 nothing that is secret comes out of a service over %s", (kind) => {
  let stage: Stage;
  let scene: Scene;
  beforeAll(async () => {
    stage = await canaryStage(kind);
    scene = sceneOn(stage);
    const { put, values, policy, bundle, endpointUrl } = scene;
    await put(SECRETS, { path: "app/kept", values: values() }, { "idempotency-key": USED_KEY });
    await put(SECRETS, { path: "app/kept", values: values() });
    await put(POLICY, { name: "kept", ...policy() });
    const web = { spiffeidPattern: "^spiffe://partner\\.org/web$", permissions: ["super"] };
    for (const [index, pathPattern] of [
      "^app/",
      "^spike/system/acl$",
      "^spike/system/secret$",
      "^spike/system/cipher/exec$",
    ].entries()) {
      await put(POLICY, { name: `web-${index}`, ...web, pathPattern });
    }
    await put(BUNDLE, { trustDomain: "partner.org", bundle: bundle() });
    await put(BUNDLE, { trustDomain: "newer.org", bundle: bundle({ spiffe_sequence: 2 }) });
    const newer = { trustDomain: "newer-fetched.org", bundle: bundle({ spiffe_sequence: 2 }) };
    await put(BUNDLE, { ...newer, endpointUrl: endpointUrl() });
    await put(BUNDLE, { trustDomain: "fetched.org", bundle: bundle(), endpointUrl: endpointUrl() });
  });
  afterAll(() => stage.close());

  it.each(targets)("%s, whatever comes of it", async (target) => {
    const { writes = false, commits = writes, good: make, weather, more } = CASES[target]!;
    const seen = stage.sightings.length;
    const good = async (): Promise<object> => await make(scene);
    const fair = weather?.(scene) ?? {};
    const body = await good();
    const parts: readonly Asks[] = [
      await successes(stage, good, { writes, isOpen: "wanted" in routeOf(target).access }),
      // None of these changes anything: they can all be about the same.
      malformed(stage, body),
      await unauthorized(stage, body, { lite: "lite" in routeOf(target).access }),
      unlucky(stage, body, { writes, commits }),
      // A refresh takes no key.
      writes && !target.endsWith("refresh")
        ? { 422: [{ what: "a key that was used", body, headers: { "idempotency-key": USED_KEY } }] }
        : {},
      (await more?.(scene)) ?? {},
    ];
    for (const asks of parts) {
      for (const [status, each] of Object.entries(asks)) {
        for (const ask of each ?? []) {
          const answer = await stage.send(target, { ...ask, weather: { ...fair, ...ask.weather } });
          expect([ask.what, answer.status, answer.text]).toEqual([ask.what, Number(status), answer.text]);
        }
      }
    }
    expect(stage.marks.findIn(stage.sightings.slice(seen))).toEqual([]);
  });

  it("what is no operation, and what load balancers ask", async () => {
    const { marks, send, sightings } = stage;
    const seen = sightings.length;
    const mark = (): string => marks.text("a part of an address");
    const wrong: readonly (readonly [string, string])[] = [
      ["GET", `${SECRETS}?action=get&path=${mark()}`],
      ["POST", `/v1/store/${mark()}`],
      ["POST", `/${mark()}%2f${mark()}`],
      ["POST", `${SECRETS}?action=${mark()}`],
      ["POST", `${SECRETS}?action=get&action=${mark()}`],
      ["DELETE", `${SECRETS}/${mark()}?${mark()}`],
    ];
    for (const [method, target] of wrong) {
      const body = method === "POST" ? { body: { path: mark(), values: { x: mark() } } } : {};
      expect((await send(target, { what: "no operation", method, ...body })).status).toBe(400);
    }
    await send(`${SECRETS}?action=get&${mark()}=${mark()}`, {
      what: "an unknown parameter",
      body: { path: "app/kept" },
    });
    for (const path of ["/healthz", "/readyz"]) {
      expect((await send(`${path}?x=${mark()}`, { what: "health", method: "GET" })).status).toBe(200);
    }
    for (const [what, load] of Object.entries(exceptions(marks))) {
      expect((await send("/readyz", { what, method: "GET", weather: { load } })).status).toBe(503);
    }
    expect(marks.findIn(sightings.slice(seen))).toEqual([]);
  });

  it("counters that fail", async () => {
    const { marks, send, sightings } = stage;
    const seen = sightings.length;
    for (const [what, fail] of Object.entries(exceptions(marks))) {
      const weather = { limits: { address: fail, identity: fail } };
      const body = { path: "app/kept" };
      expect((await send(`${SECRETS}?action=get`, { what, body, weather })).status).toBe(200);
    }
    expect(marks.findIn(sightings.slice(seen))).toEqual([]);
  });

  it("an exception that no door has to do with", async () => {
    const { marks, send, sightings } = stage;
    const seen = sightings.length;
    for (const [what, now] of Object.entries(exceptions(marks))) {
      if (what.includes("error")) {
        const ask = { what, body: { path: "app/kept" }, weather: { now } };
        expect((await send(`${SECRETS}?action=get`, ask)).status).toBe(500);
      }
    }
    expect(marks.findIn(sightings.slice(seen))).toEqual([]);
  });

  it("the schedule", async () => {
    const { marks, schedule, sightings, service } = stage;
    const seen = sightings.length;
    const mark = (): string => marks.text("an answer of an endpoint");
    const later = Date.now() + 7_200_000;
    const errors = Object.values(exceptions(marks));
    for (const endpoint of [
      () => new Response(mark()),
      () => new Response(mark(), { status: 500 }),
      () => Response.json(scene.bundle()),
      () => Response.json({ keys: [{ kty: "oct", k: mark() }] }),
      ...errors,
    ]) {
      await schedule(later, { endpoint });
    }
    for (const fail of errors) {
      await schedule(later, { load: fail });
      await schedule(later, { endpoint: () => Response.json(scene.bundle()), commit: fail });
    }
    const events = new Set(service.log.map(({ event }) => event));
    expect([...events]).toEqual(expect.arrayContaining(["bundle_refreshed", "bundle_refresh_failed"]));
    expect(marks.findIn(sightings.slice(seen))).toEqual([]);
  });

  it("a key of a write is kept as a digest alone", async () => {
    const { marks, send, service } = stage;
    const key = marks.text("an idempotency key");
    const path = `app/${scene.name()}`;
    const headers = { "idempotency-key": key };
    await send(SECRETS, { what: "a write with a key", body: { path, values: {} }, headers });
    const { body } = await service.post(`${AUDIT}?action=list`, { resource: `secret:${path}` });
    const caller = `spiffe://spike.ist${SUPERUSER}`;
    const writeId = await writeIdOf(caller, key, () => expect.fail("drawn"));
    expect(body["entries"]).toMatchObject([{ writeId }]);
  });

  it("what is stored, all told", async () => {
    const { marks, send, sightings } = stage;
    expect(stage.watchDataKeys()).toBeGreaterThan(10);
    for (let after = 0; after < 5000; after += 500) {
      await send(`${AUDIT}?action=list`, { what: "all entries", body: { after, limit: 500 } });
    }
    await stage.lookIntoFiles();
    expect(marks.findIn(sightings)).toEqual([]);
  });

  it("and it is there for who may have it", async () => {
    const texts = (place: string): readonly object[] =>
      stage.sightings.filter((seen) => seen.place === place).map(({ bytes }) => JSON.parse(bytes.toString()) as object);
    for (const [place, member] of [
      ["the body of 200 secret.get", "data"],
      ["the body of 200 policy.get", "pathPattern"],
      ["the body of 200 bundle.get", "bundle"],
    ] as const) {
      expect(texts(place), place).not.toEqual([]);
      for (const text of texts(place)) expect(text).toHaveProperty(member);
    }
  });
});

/** The kinds of places that a service can leave something in; each kind is shown to be looked at. */
const SINKS = [
  "a line of the log",
  "a line of the audit",
  "a header",
  "the body of",
  "a query of the store",
  "a change of the store",
  "a key of a counter",
  "a request to an endpoint",
  "console.error",
];

describe("the search itself", () => {
  const noise = (length: number): Buffer => randomBytes(length);
  const sighting = (bytes: Buffer) => ({ place: "here", during: "now", bytes });

  it.each(Object.keys(VALUES))("finds %s in every encoding, whole or a part, and in larger texts", (kind) => {
    const marks = canaries();
    const secret = VALUES[kind]!();
    marks.watch("it", secret, ["the body of 200 secret.get"]);
    const part = Array.from(secret).slice(3, 20).join("");
    for (const text of [secret, part]) {
      for (const [encoding, form] of encodingsOf(text)) {
        const hidden = Buffer.concat([noise(50), form, noise(50)]);
        expect(marks.findIn([sighting(hidden)]), encoding).toContainEqual(expect.stringMatching(/^it, as .* in here/));
        expect(marks.findIn([{ ...sighting(hidden), place: "the body of 200 secret.get" }]), encoding).toEqual([]);
      }
      for (let offset = 0; offset < 6; offset += 1) {
        const larger = Buffer.concat([noise(offset), Buffer.from(text), noise(7)]);
        for (const encoding of ["base64", "base64url", "hex"] as const) {
          const hidden = Buffer.from(larger.toString(encoding));
          expect(marks.findIn([sighting(hidden)]), `${encoding} at ${offset}`).not.toEqual([]);
        }
      }
    }
    expect(marks.findIn([sighting(noise(1_000_000))])).toEqual([]);
  });

  it.each(STORES)("looks at every place that a service over %s has", async (kind) => {
    const stage = await canaryStage(kind);
    const { marks, send } = stage;
    // Each by what the service does, with something that is open by design or that the test itself lets out.
    const [logged, printed] = [marks.text("a line of the log"), marks.text("console.error")];
    const down = (): never => {
      console.error(printed);
      throw new StoreUnavailable("rejected", "none", logged);
    };
    const id = crypto.getRandomValues(new Uint8Array(16));
    marks.watch("a header", id);
    const traceparent = `00-${Buffer.from(id).toString("hex")}-00f067aa0ba902b7-01`;
    await send(`${SECRETS}?action=get`, {
      what: "it",
      body: { path: "a" },
      headers: { traceparent },
      weather: { load: down },
    });

    const path = marks.text("a line of the audit");
    marks.watch("a query of the store", path);
    marks.watch("a change of the store", path);
    marks.watch("the database's files", path);
    const value = marks.text("the body of");
    const counted = marks.text("a key of a counter");
    await send(SECRETS, { what: "it", body: { path, values: { v: value } }, headers: { "cf-connecting-ip": counted } });
    await send(`${SECRETS}?action=get`, { what: "it", body: { path } });

    const endpointUrl = `https://partner.org/${marks.text("a request to an endpoint")}`;
    await send(BUNDLE, { what: "it", body: { trustDomain: "partner.org", endpointUrl } });
    await send(`${BUNDLE}?action=refresh`, { what: "it", body: { trustDomain: "partner.org" } });
    await stage.lookIntoFiles();
    stage.close();

    const found = marks.findIn(stage.sightings);
    for (const sink of [...SINKS, ...(kind === "libsql" ? ["the database's files"] : [])]) {
      expect(found, sink).toContainEqual(expect.stringMatching(new RegExp(`^${sink}, as \\S+, in ${sink}`)));
    }
    // There are no others.
    const isKnown = ({ place }: Sighting): boolean =>
      [...SINKS, "the database's files"].some((sink) => place.startsWith(sink));
    expect(stage.sightings.filter((seen) => !isKnown(seen))).toEqual([]);
  });
});

/** Settings that hold a secret, or text that somebody may take for one; with what makes the service look at them. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LIBSQL_URL: {},
  LIBSQL_AUTH_TOKEN: {},
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

it.each(Object.keys(SETTINGS))("P22 a configuration that is refused for its %s does not repeat it", async (name) => {
  const marks = canaries();
  const sightings: Sighting[] = [];
  const see = (line: object): void =>
    void sightings.push({ place: "a line", during: "start", bytes: Buffer.from(JSON.stringify(line)) });
  const mark = (): string => marks.text(name);
  const forms = [
    `A ${mark()}`,
    `${mark()}ü`,
    `a:${mark()}`,
    `{"a":{"keys":["${mark()}"],"d":"${mark()}`,
    `{"a":{"keys":[{"kty":"EC","d":"${mark()}"}]}}`,
    `{"${mark()} ":{"keys":[]}}`,
    `https://x:${mark()}@db.example.org/?authToken=${mark()}`,
    `${mark()}, ${mark()}`,
  ];
  let refused = 0;
  for (const form of forms) {
    const good = { LIBSQL_URL: "https://db.example.org", SPIKE_ROOT_KEYS: KEY_A };
    const app = await compose({ ...good, ...SETTINGS[name], [name]: form }, { log: see, audit: see });
    const request = new Request(`http://edge.test${SECRETS}`, { method: "POST", body: `{"x":"${mark()}"` });
    const response = await app.fetch(request);
    see([await response.text(), ...response.headers]);
    if (response.status !== 503) continue;
    refused += 1;
    await app.scheduled(Date.now());
  }
  // Any text will do for a token, and a long one for a secret.
  expect(refused).toBeGreaterThanOrEqual(name === "LIBSQL_AUTH_TOKEN" ? 0 : forms.length - 1);
  expect(sightings.length).toBeGreaterThan(forms.length);
  expect(marks.findIn(sightings)).toEqual([]);
});

/** The same in earnest: all that a real worker prints, and the files of the database that it works with. */
describe("P22 a real worker", () => {
  const marks = canaries();
  const open = canaries();
  const sightings: Sighting[] = [];
  const see = (place: string, during: string, bytes: string | Buffer): void =>
    void sightings.push({ place, during, bytes: Buffer.from(bytes as string) });
  let edge: Cluster;
  beforeAll(async () => {
    const rootKey = randomBytes(32);
    const key = rootKey.toString("base64url");
    marks.watch("the root key", rootKey);
    marks.watch("the root key", key);
    const [proxySecret, databaseToken] = ["the proxy secret", "the database's token"].map(
      (name) => marks.text(name) + marks.text(name),
    );
    edge = await cluster(1, {
      SPIKE_ROOT_KEYS: `a:${key}`,
      SPIKE_CLIENT_CERTIFICATES: "proxy",
      SPIKE_PROXY_SECRETS: proxySecret!,
      LIBSQL_AUTH_TOKEN: databaseToken!,
      SPIKE_REQUEST_TIMEOUT_MS: "3500",
    });
    database(() => "pass");
    secret = proxySecret!;
    superuser = await edge.domain.token(SUPERUSER);
    watchToken(marks, "the superuser's token", superuser);
  });
  afterAll(async () => await edge.close());

  let secret: string;
  let superuser: string;
  /** Lets the database do so from now on; what is sent to it is seen. */
  const database = (fault: (body: string) => Fault): void =>
    edge.proxies[0]!.inject((body) => {
      see("a request to the database", "", body);
      return fault(body);
    });
  const send = async (target: string, body: object | string, headers: Record<string, string> = {}): Promise<number> => {
    const response = await fetch(`${edge.workers[0]!.url}${target}`, {
      method: "POST",
      headers: { authorization: `Bearer ${superuser}`, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    see(`the body of ${response.status} ${target}`, target, text);
    for (const header of response.headers) see("a header", target, header.join(": "));
    return response.status;
  };
  const VALUE_PLACES = [`the body of 200 ${SECRETS}?action=get`];
  const values = (): object => ({ [marks.text("a name", VALUE_PLACES)]: marks.text("a value", VALUE_PLACES) });
  const mark = (): string => marks.text("what a request holds");

  it("says nothing of what it is sent, whether it goes well or not", async () => {
    const path = "app/a";
    const policy = {
      name: "p",
      spiffeidPattern: `^spiffe://x/${mark()}$`,
      pathPattern: `^${mark()}/`,
      permissions: [],
    };
    const claims = {
      sub: "spiffe://spike.ist/app",
      aud: "spike-nexus",
      exp: Math.floor(Date.now() / 1000) + 300,
      jti: mark(),
    };
    const forged = await mint(await mintingKey("ES256", "k1"), claims);
    watchToken(marks, "a forged token", forged);
    const [put, get] = [SECRETS, `${SECRETS}?action=get`];
    expect([
      await send(put, { path, values: values() }, { "idempotency-key": marks.text("an idempotency key") }),
      await send(get, { path }),
      await send(put, { path, values: values(), cas: 9 }),
      await send(put, `{"path":"app/a","values":{"a":"${mark()}"`),
      await send(put, { path: `${mark()} `, values: values() }),
      await send(put, { path, values: values() }, { authorization: `Bearer ${forged}` }),
      await send(put, { path, values: values() }, { authorization: `Basic ${mark()}` }),
      await send(get, { path }, { "x-spike-proxy-secret": mark() }),
      await send(get, { path }, { "x-spike-proxy-secret": secret, "client-cert": mark() }),
      await send(`/v1/${mark()}?${mark()}`, {}),
      await send(put, `"${mark().repeat(50_000)}"`),
      await send("/v1/acl/policy", { ...policy, permissions: ["read"] }),
      await send("/v1/acl/policy", { ...policy, pathPattern: `(${mark()}` }),
      await send("/v1/trust/bundle", { trustDomain: "a.org", bundle: { keys: [{ kty: "oct", k: mark() }] } }),
    ]).toEqual([200, 200, 409, 400, 400, 401, 401, 401, 401, 400, 413, 200, 400, 400]);
  });

  it("says nothing of it when its database is down, talks rubbish or hangs", async () => {
    const faults = new Map<string, Fault>([
      ["down/1", "cut-request"],
      ["down/2", "cut-half-answer"],
      ["down/3", "hang"],
      ["down/4", { status: 500 }],
      ["down/5", { body: `{"${mark()}` }],
      ["down/6", { body: `{"results":[{"type":"error","error":{"message":"${mark()}","code":"${mark()}"}}]}` }],
    ]);
    database((body) => faults.get(/"(down\/\d)"/.exec(body)?.[1] ?? "") ?? "pass");
    const asked = [...faults.keys()].flatMap((path) => [
      send(SECRETS, { path, values: values() }),
      send(`${SECRETS}?action=get`, { path }),
    ]);
    expect(new Set(await Promise.all(asked))).toEqual(new Set([503]));
    // Tried as often as may be, or as long.
    const reasons = ["store_connection", "store_malformed", "store_status", "store_deadline"];
    expect(edge.workers[0]!.output().match(/store_[a-z]+/g)).toEqual(expect.arrayContaining(reasons));

    database(() => ({ delayMs: 50 }));
    const hangUp = new Promise((go) => setTimeout(go, 20));
    await edge.postAndHangUp(0, "", { path: "app/c", values: values() }, hangUp);
    database(() => "pass");
    await edge.workers[0]!.schedule(Date.now());
    await expect.poll(() => edge.workers[0]!.output()).toContain("app/c");
  });

  it("and its log, its database and its answers are looked at", async () => {
    const path = open.text("a path");
    expect(await send(SECRETS, { path, values: values() })).toBe(200);
    expect(await send(`${SECRETS}?action=list`, {})).toBe(200);
    await expect.poll(() => edge.workers[0]!.output()).toContain(path);
    const client = createClient({ url: edge.database.url });
    await client.execute("PRAGMA wal_checkpoint");
    client.close();
    see("what it prints", "all the time", edge.workers[0]!.output());
    const folder = dirname(edge.database.file);
    for (const name of readdirSync(folder)) see("the database's files", name, readFileSync(join(folder, name)));
    const found = open.findIn(sightings).join("\n");
    for (const place of ["what it prints", "the database's files", "a request to the database", "the body of 200"]) {
      expect(found).toContain(`a path, as UTF-8, in ${place}`);
    }
    expect(marks.findIn(sightings)).toEqual([]);
  });
});
