import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  certificateAuthority,
  type TestAuthority,
  toRfc9440,
  toRfc9440List,
} from "../src/identity/x509/minting.fixture.ts";
import { buildWorker } from "../tools/workerd/build-worker.ts";
import { startWorker, type Worker } from "../tools/workerd/start-worker.ts";
import { type BundleEndpoint, bundleEndpoint } from "./harness/bundle-endpoint.ts";
import { type HttpDatabase, httpDatabase } from "./harness/http-database.ts";
import { SUPERUSER, type TestDomain, testDomain } from "./harness/identity.ts";
import { KEY_A } from "./harness/service.ts";

const HOST = "spike.example.org";
const LOOK = Date.UTC(2026, 5, 1);
const EVERY = 300_000;

/** Two real workers over a real database, and another trust domain behind a real HTTPS endpoint with its own authority. */
describe("a federated trust domain", () => {
  let database: HttpDatabase;
  let endpoint: BundleEndpoint;
  let built: Awaited<ReturnType<typeof buildWorker>>;
  let workers: readonly Worker[];
  let own: TestDomain;
  let authority: TestAuthority;
  const partners: TestDomain[] = [];
  beforeAll(async () => {
    [database, endpoint, built, own, authority] = await Promise.all([
      httpDatabase(),
      bundleEndpoint(),
      buildWorker(),
      testDomain(),
      certificateAuthority({ trustDomain: "partner.org" }),
    ]);
    partners.push(await testDomain("partner.org", "k1"), await testDomain("partner.org", "k2"));
    const env = {
      LIBSQL_URL: database.url,
      SPIKE_ROOT_KEYS: KEY_A,
      SPIKE_TRUST_BUNDLES: JSON.stringify({ [own.name]: own.bundle }),
      SPIKE_CLIENT_CERTIFICATES: "cloudflare",
      SPIKE_CLIENT_CERTIFICATE_HOSTS: HOST,
    };
    const platform = { trustedCertificates: [endpoint.authority], cfHeader: "x-test-cf" };
    workers = await Promise.all([startWorker(built.folder, env, platform), startWorker(built.folder, env, platform)]);
    await post("/v1/store/secrets", { path: "app/a", values: { v: "x" } });
    const policy = {
      name: "p",
      spiffeidPattern: "^spiffe://partner\\.org/web$",
      pathPattern: "^app/",
      permissions: ["read"],
    };
    expect((await post("/v1/acl/policy", policy)).status).toBe(200);
  });
  afterAll(async () => {
    await Promise.all(workers.map(async (worker) => await worker.kill()));
    await Promise.all([database.close(), endpoint.close()]);
    built.remove();
  });

  const send = async (index: number, target: string, headers: Readonly<Record<string, string>>, body: object) => {
    const response = await fetch(`${workers[index]!.url}${target}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const post = async (target: string, body: object) =>
    await send(0, target, { authorization: `Bearer ${await own.token(SUPERUSER)}` }, body);
  const bundle = async (action: string, body: object = {}) =>
    await post(`/v1/trust/bundle${action}`, { trustDomain: "partner.org", ...body });
  /** The statuses of a get with each key of the partner, at each worker. */
  const statuses = async () => {
    const gets = [0, 1].flatMap((index) =>
      partners.map(async (partner) => {
        const headers = { authorization: `Bearer ${await partner.token("/web")}` };
        return (await send(index, "/v1/store/secrets?action=get", headers, { path: "app/a" })).status;
      }),
    );
    return await Promise.all(gets);
  };
  const serve = (domain: TestDomain, sequence: number) =>
    endpoint.answer(200, JSON.stringify({ ...domain.bundle, spiffe_sequence: sequence }));
  const lines = (index: number, event: string) =>
    workers[index]!.lines().flatMap((line) => {
      const parsed: Record<string, unknown> = line.startsWith("{") ? JSON.parse(line) : {};
      return parsed["event"] === event ? [parsed] : [];
    });

  beforeEach(async () => {
    await bundle("?action=delete");
    expect((await bundle("", { endpointUrl: endpoint.url })).status).toBe(200);
  });

  it("is accepted by every worker after a cron fetched its bundle, and a rotated key at once (F04)", async () => {
    expect(await statuses()).toEqual([401, 401, 401, 401]);
    serve(partners[0]!, 1);
    await workers[1]!.schedule(LOOK);
    expect(await statuses()).toEqual([200, 401, 200, 401]);
    serve(partners[1]!, 2);
    await workers[0]!.schedule(LOOK + EVERY);
    expect(await statuses()).toEqual([401, 200, 401, 200]);
    expect(lines(0, "bundle_refreshed")).toHaveLength(1);
    const { body } = await post("/v1/audit?action=verify", {});
    expect(body["problems"]).toEqual([]);
  });

  it("is stored once if both workers fetch it at the same moment", async () => {
    serve(partners[0]!, 1);
    await Promise.all(workers.map(async (worker) => await worker.schedule(LOOK)));
    expect(await statuses()).toEqual([200, 401, 200, 401]);
    const { body } = await post("/v1/audit?action=list", { resource: "bundle:partner.org", limit: 1000 });
    const entries = body["entries"] as readonly { readonly action: string }[];
    expect(entries.slice(entries.findLastIndex(({ action }) => action === "put")).map(({ action }) => action)).toEqual([
      "put",
      "refresh",
    ]);
  });

  it.each<readonly [string, () => void | Promise<void>, RegExp]>([
    ["is down", () => endpoint.answer(503, "canary"), /status 503/],
    ["returns an older bundle", () => serve(partners[1]!, 6), /bundle of/],
    ["returns malformed JSON", () => endpoint.answer(200, "canary"), /one JSON object/],
    [
      "redirects to a place without TLS (F05)",
      () => endpoint.answer(302, "", { location: "http://localhost:1/" }),
      /redirect/,
    ],
    [
      "has a certificate of an unknown authority (F03, F04)",
      async () => await endpoint.useUnknownAuthority(),
      /no valid response/,
    ],
  ])("keeps its stored bundle and reports it if the endpoint %s", async (_, fail, detail) => {
    serve(partners[0]!, 7);
    expect((await bundle("?action=refresh")).body).toMatchObject({ changed: true });
    const before = lines(0, "bundle_refresh_failed").length;
    await fail();
    await workers[0]!.schedule(LOOK);
    expect(await statuses()).toEqual([200, 401, 200, 401]);
    const [line, ...more] = lines(0, "bundle_refresh_failed").slice(before);
    expect(more).toEqual([]);
    expect(line).toMatchObject({ level: "warn", detail: expect.stringMatching(detail) });
    expect(workers[0]!.output()).not.toContain("canary");
  });

  it("is accepted with certificates of its authority from an edge (C04)", async () => {
    const intermediate = await authority.issueIntermediate();
    const { chain } = await intermediate.issueLeaf({ id: "spiffe://partner.org/web" });
    expect((await bundle("", { bundle: { keys: [authority.bundleEntry] } })).status).toBe(200);
    const tlsClientAuth = {
      certPresented: "1",
      certVerified: "SUCCESS",
      certRevoked: "0",
      certRFC9440: toRfc9440(chain.leaf),
      certRFC9440TooLarge: false,
      certChainRFC9440: toRfc9440List(chain.intermediates),
      certChainRFC9440TooLarge: false,
    };
    // Not with fetch, which sets the host itself.
    const get = async (cf: object, host = HOST): Promise<number | undefined> => {
      const url = `${workers[0]!.url}/v1/store/secrets?action=get`;
      const outgoing = request(url, { method: "POST", headers: { "x-test-cf": JSON.stringify(cf), host } });
      outgoing.end('{"path":"app/a"}');
      const [response] = (await once(outgoing, "response")) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    expect(await get({ tlsClientAuth })).toBe(200);
    expect(await get({ tlsClientAuth: { ...tlsClientAuth, certRevoked: "1" } })).toBe(401);
    expect(await get({ tlsClientAuth }, "other.example.org")).toBe(401);
    expect((await bundle("", { bundle: { keys: [] } })).status).toBe(200);
    expect(await get({ tlsClientAuth })).toBe(401);
  });
});
