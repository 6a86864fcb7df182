import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EVERY_MS } from "../src/api/refresh-bundles.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Store } from "../src/store/store.ts";
import { type CountingStore, countingStore } from "./harness/counting-store.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { type TestDomain, testDomain } from "./harness/identity.ts";
import { type TestAnswer, type TestService, testService } from "./harness/service.ts";

const BUNDLE = "/v1/trust/bundle";
const SECRETS = "/v1/store/secrets";
const NOW = Date.UTC(2026, 5, 1);

let first: TestDomain;
let second: TestDomain;
beforeAll(async () => {
  // The same domain before and after a key change.
  [first, second] = await Promise.all([testDomain("partner.org", "k1"), testDomain("partner.org", "k2")]);
});

const withSequence = (domain: TestDomain, sequence: unknown, more: object = {}) => ({
  ...domain.bundle,
  spiffe_sequence: sequence,
  ...more,
});

const both = (): object => ({
  keys: [first, second].flatMap(({ bundle }) => bundle.keys),
});

let database: FileDatabase | undefined;
afterAll(() => database?.close());

const STORES: Readonly<Record<string, () => Promise<Store>>> = {
  memory: async () => await Promise.resolve(memoryStore({ storeId: "s", now: Date.now })),
  async libsql() {
    database?.close();
    database = await fileDatabase();
    return libsqlStore(database.execute);
  },
};

describe.each(Object.keys(STORES))("stored trust bundles (%s)", (kind) => {
  let service: TestService;
  let store: CountingStore;
  /** Runs once, between a decision and its commit. */
  let beforeCommit: (() => Promise<unknown>) | undefined;
  let endpoint: (url: string) => Response | Promise<Response>;
  beforeEach(async () => {
    const inner = await STORES[kind]!();
    store = countingStore({
      load: async (query, signal) => await inner.load(query, signal),
      async commit(change, query, signal) {
        const run = beforeCommit;
        beforeCommit = undefined;
        await run?.();
        return await inner.commit(change, query, signal);
      },
    });
    beforeCommit = undefined;
    endpoint = () => new Response("nothing", { status: 404 });
    service = await testService(store, { fetch: async (url) => await endpoint(url) });
  });

  const put = async (body: object) => await service.post(BUNDLE, { trustDomain: "partner.org", ...body });
  const on = async (action: string, body: object = { trustDomain: "partner.org" }) =>
    await service.post(`${BUNDLE}?action=${action}`, body);

  /** Gets `app/a` as a workload of the partner. */
  const getAs = async (domain: TestDomain, path = "/web", claims = {}): Promise<TestAnswer> => {
    const authorization = `Bearer ${await domain.token(path, claims)}`;
    store.trips = 0;
    return await service.post(`${SECRETS}?action=get`, { path: "app/a" }, { headers: { authorization } });
  };
  const grant = async (permissions: readonly string[], pathPattern = "^app/"): Promise<void> => {
    await service.post(SECRETS, { path: "app/a", values: { v: "x" } });
    const policy = { name: "partner", spiffeidPattern: "^spiffe://partner\\.org/web$", pathPattern, permissions };
    expect((await service.post("/v1/acl/policy", policy)).status).toBe(200);
  };

  describe("a trust domain", () => {
    it("is unknown until its bundle is stored; then policies apply to its workloads, in one round trip", async () => {
      await grant(["read"]);
      expect((await getAs(first)).status).toBe(401);
      expect(store.trips).toBe(1);
      expect(service.audit.at(-1)).toMatchObject({
        outcome: "unauthorized",
        reason: "bundle-or-key-unknown",
        claimed: "spiffe://partner.org/web",
      });
      expect(service.audit.at(-1)?.spiffeId).toBeUndefined();

      expect(await put({ bundle: first.bundle })).toMatchObject({
        status: 200,
        body: { trustDomain: "partner.org", version: 3, revision: 3, ignored: [] },
      });
      expect(await getAs(first)).toMatchObject({ status: 200, body: { data: { v: "x" } } });
      expect(store.trips).toBe(1);
      expect(service.audit.at(-1)).toMatchObject({ outcome: "ok", spiffeId: "spiffe://partner.org/web" });
      expect(service.audit.at(-1)?.claimed).toBeUndefined();
      expect((await getAs(first, "/other")).status).toBe(401);
      expect(service.audit.at(-1)).toMatchObject({ outcome: "denied", spiffeId: "spiffe://partner.org/other" });
    });

    it("writes and lists in two round trips", async () => {
      await grant(["write", "list"]);
      await put({ bundle: first.bundle });
      const authorization = `Bearer ${await first.token("/web")}`;
      const post = async (target: string, body: object) => {
        store.trips = 0;
        return await service.post(target, body, { headers: { authorization } });
      };
      expect(await post(SECRETS, { path: "app/a", values: { v: "y" } })).toMatchObject({ status: 200 });
      expect(store.trips).toBe(2);
      expect(await post(`${SECRETS}?action=list`, {})).toMatchObject({ status: 200, body: { keys: ["app/a"] } });
      expect(store.trips).toBe(2);
      expect((await post(SECRETS, { path: "other/a", values: {} })).status).toBe(401);
      expect(store.trips).toBe(1);
      // Only an authenticated caller learns that a path is invalid. Others get the usual 401.
      expect((await post(SECRETS, { path: "a b", values: {} })).status).toBe(400);
      expect(store.trips).toBe(1);
      const stranger = { headers: { authorization: `Bearer ${await second.token("/web")}` } };
      expect((await service.post(SECRETS, { path: "a b", values: {} }, stranger)).status).toBe(401);
    });

    it("has no roles: its workloads never get the permissions of a role", async () => {
      await put({ bundle: first.bundle });
      for (const path of ["/spike/pilot/role/superuser", "/spike/workload/role/lite", "/spike/nexus"]) {
        expect((await getAs(first, path)).status, path).toBe(401);
      }
      const authorization = `Bearer ${await first.token("/spike/pilot/role/superuser")}`;
      store.trips = 0;
      const body = { trustDomain: "partner.org" };
      expect((await service.post(`${BUNDLE}?action=delete`, body, { headers: { authorization } })).status).toBe(401);
      expect(store.trips, "no database request").toBe(0);
    });

    it("loses access with a revoked key from the next request on (T26, J12)", async () => {
      await grant(["read"]);
      await put({ bundle: first.bundle });
      expect((await getAs(first)).status).toBe(200);
      expect((await getAs(second)).status).toBe(401);
      expect(service.audit.at(-1)?.reason).toBe("bundle-or-key-unknown");
      await put({ bundle: second.bundle });
      expect((await getAs(first)).status).toBe(401);
      expect((await getAs(second)).status).toBe(200);
    });

    it.each<readonly [string, () => Promise<unknown>, number]>([
      ["revoked", async () => await put({ bundle: second.bundle }), 401],
      ["deleted with its bundle", async () => await on("delete"), 401],
      ["joined by another key", async () => await put({ bundle: both() }), 200],
    ])("decides a write again if its key is %s before the commit (T26)", async (_, change, status) => {
      await grant(["write"]);
      await put({ bundle: first.bundle });
      beforeCommit = change;
      const headers = { authorization: `Bearer ${await first.token("/web")}` };
      const answer = await service.post(SECRETS, { path: "app/a", values: { v: "late" } }, { headers });
      expect(answer.status).toBe(status);
      const stored = await service.post(`${SECRETS}?action=get`, { path: "app/a" });
      expect(stored.body).toEqual({ data: { v: status === 200 ? "late" : "x" } });
    });

    it("loses all access with an empty or a deleted bundle (B06)", async () => {
      await grant(["read"]);
      await put({ bundle: first.bundle });
      await put({ bundle: { keys: [] } });
      expect((await getAs(first)).status).toBe(401);
      await put({ bundle: first.bundle });
      expect((await getAs(first)).status).toBe(200);
      expect((await on("delete")).status).toBe(200);
      expect((await getAs(first)).status).toBe(401);
    });

    it("is refused without a database request if the token has expired or has another audience (J11)", async () => {
      await put({ bundle: first.bundle });
      expect((await getAs(first, "/web", { exp: 1 })).status).toBe(401);
      expect(store.trips).toBe(0);
      expect((await getAs(first, "/web", { aud: "others" })).status).toBe(401);
      expect(store.trips).toBe(0);
    });

    it("is refused with a signature by another key of the same id (T03)", async () => {
      await grant(["read"]);
      await put({ bundle: first.bundle });
      const other = await testDomain("partner.org", "k1");
      expect((await getAs(other)).status).toBe(401);
      expect(service.audit.at(-1)?.reason).toBe("signature");
    });

    it("is not authenticated by the bundle of another domain with the same key id (F01, T27)", async () => {
      const neighbour = await testDomain("neighbour.org", "k1");
      await grant(["read"], "^app/");
      await put({ bundle: neighbour.bundle });
      await put({ trustDomain: "neighbour.org", bundle: first.bundle });
      expect((await getAs(first)).status).toBe(401);
      await put({ bundle: first.bundle });
      expect((await getAs(first)).status).toBe(200);
    });
  });

  describe("the operations", () => {
    it("get returns the bundle text unchanged, and list the domains in order", async () => {
      const text = `{"keys":[], "spiffe_sequence":18446744073709551617 ,"spiffe_refresh_hint":60}`;
      const body = `{"trustDomain":"partner.org","bundle":${text},"endpointUrl":"https://partner.org/b"}`;
      expect((await service.post(BUNDLE, body)).status).toBe(200);
      await put({ trustDomain: "a.org", bundle: first.bundle });
      const found = await on("get");
      expect(found.text.startsWith(`{"bundle":${text},`)).toBe(true);
      const summary = {
        trustDomain: "partner.org",
        version: 1,
        jwtKeys: 0,
        x509Authorities: 0,
        sequence: "18446744073709551617",
        endpointUrl: "https://partner.org/b",
        endpointProfile: "https_web",
        refreshHint: 60,
      };
      expect(found.body).toMatchObject({ ...summary, revision: 2 });
      const other = { trustDomain: "a.org", version: 2, jwtKeys: 1, x509Authorities: 0 };
      expect((await on("list", {})).body).toEqual({ bundles: [other, summary], revision: 2 });
      expect((await on("list", { limit: 1 })).body).toEqual({ bundles: [other], next: "a.org", revision: 2 });
      expect((await on("list", { after: "a.org", limit: 5 })).body).toMatchObject({ bundles: [summary] });
    });

    it("handle cas, idempotency keys and deletion as for policies", async () => {
      const headers = { "idempotency-key": "one" };
      const body = { trustDomain: "partner.org", bundle: first.bundle, cas: 0 };
      expect((await service.post(BUNDLE, body, { headers })).body).toMatchObject({ version: 1 });
      expect((await service.post(BUNDLE, body, { headers })).body).toMatchObject({ version: 1, revision: 1 });
      expect((await service.post(BUNDLE, { ...body, cas: 1 }, { headers })).status).toBe(422);
      expect((await put({ bundle: first.bundle, cas: 0 })).status).toBe(409);
      expect((await put({ bundle: second.bundle, cas: 1 })).body).toMatchObject({ version: 2 });
      expect((await on("delete", { trustDomain: "partner.org", cas: 1 })).status).toBe(409);
      expect((await on("delete", { trustDomain: "partner.org", cas: 2 })).body).toEqual({ version: 0, revision: 3 });
      expect((await on("delete")).status).toBe(404);
      expect((await on("get")).status).toBe(404);
      expect((await put({ bundle: first.bundle, cas: 0 })).status).toBe(200);
      expect((await service.post("/v1/audit?action=verify", {})).body).toMatchObject({ entries: 4, problems: [] });
    });

    it("return 422 for an Idempotency-Key that deleted another bundle", async () => {
      await put({ bundle: first.bundle });
      await put({ trustDomain: "a.org", bundle: first.bundle });
      const headers = { "idempotency-key": "removal" };
      const remove = async (body: object) => (await service.post(`${BUNDLE}?action=delete`, body, { headers })).status;
      expect(await remove({ trustDomain: "partner.org" })).toBe(200);
      expect(await remove({ trustDomain: "partner.org" })).toBe(200);
      expect(await remove({ trustDomain: "a.org" })).toBe(422);
      expect(await remove({ trustDomain: "partner.org", cas: 1 })).toBe(422);
    });

    it("refuse a bundle with a lower sequence than the stored one, for integers of any size (B07)", async () => {
      const big = (sequence: string) =>
        `{"trustDomain":"partner.org","bundle":{"keys":[],"spiffe_sequence":${sequence}}}`;
      expect((await service.post(BUNDLE, big("9007199254740993"))).status).toBe(200);
      expect(await service.post(BUNDLE, big("9007199254740992"))).toMatchObject({
        status: 409,
        body: { err: "bundle_outdated" },
      });
      expect((await put({ bundle: { keys: [] } })).status, "no sequence, but the stored bundle has one").toBe(409);
      expect((await service.post(BUNDLE, big("9007199254740993"))).status).toBe(200);
      expect((await service.post(BUNDLE, big("123456789012345678901234567890"))).status).toBe(200);
      expect((await service.post(BUNDLE, big("123456789012345678901234567889"))).status).toBe(409);
      await on("delete");
      expect((await put({ bundle: { keys: [] } })).status, "the deletion forgets the sequence").toBe(200);
    });

    it.each<readonly [string, object]>([
      ["a static trust domain", { trustDomain: "spike.ist", bundle: { keys: [] } }],
      ["an invalid trust domain", { trustDomain: "Partner.org", bundle: { keys: [] } }],
      ["neither a bundle nor an endpoint", {}],
      ["a bundle without keys (B01)", { bundle: {} }],
      ["a bundle that is an array", { bundle: [] }],
      ["a bundle that is a string", { bundle: '{"keys":[]}' }],
      ["a private key", { bundle: { keys: [{ use: "jwt-svid", kty: "EC", d: "canary" }] } }],
      ["a fractional sequence", { bundle: { keys: [], spiffe_sequence: 1.5 } }],
      ["a bundle with too many entries", { bundle: { keys: Array.from({ length: 101 }, () => ({})) } }],
      ["a bundle that is too large", { bundle: { keys: [], x: "x".repeat(65_536) } }],
      ["an endpoint without TLS (F03)", { endpointUrl: "http://partner.org/" }],
      ["an endpoint with a user (F03)", { endpointUrl: "https://canary@partner.org/" }],
      ["the profile https_spiffe (F04, F06)", { endpointUrl: "https://partner.org/", endpointProfile: "https_spiffe" }],
      ["a profile without an endpoint", { bundle: { keys: [] }, endpointProfile: "https_web" }],
      ["a negative cas", { bundle: { keys: [] }, cas: -1 }],
    ])("refuse %s with 400, and the log does not quote it", async (_, body) => {
      const answer = await put(body);
      expect(answer).toMatchObject({ status: 400, body: { err: "api_bad_request" } });
      expect((await on("list", {})).body).toEqual({ bundles: [], revision: 0 });
      expect(JSON.stringify([service.log, service.audit])).not.toContain("canary");
    });

    it("list the ignored entries of a bundle", async () => {
      const { keys } = first.bundle as { keys: readonly object[] };
      const bundle = { keys: [...keys, { use: "wit-svid" }, 7] };
      expect((await put({ bundle })).body["ignored"]).toMatchObject([{ entry: 1 }, { entry: 2 }]);
    });
  });

  describe("refresh", () => {
    const ENDPOINT = "https://partner.org/bundle";
    const serve = (body: unknown, status = 200) => {
      endpoint = () => new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
    };

    it("stores the fetched bundle, and writes nothing if it is unchanged", async () => {
      await grant(["read"]);
      expect((await put({ endpointUrl: ENDPOINT })).status).toBe(200);
      expect((await getAs(first)).status, "no bundle yet").toBe(401);
      serve(withSequence(first, 1, { spiffe_refresh_hint: 600 }));
      expect((await on("refresh")).body).toEqual({ changed: true, version: 4, revision: 4 });
      expect((await getAs(first)).status).toBe(200);
      expect((await on("get")).body).toMatchObject({
        endpointUrl: ENDPOINT,
        sequence: "1",
        refreshHint: 600,
        version: 4,
      });
      expect((await on("get")).body["fetchedAt"]).toMatch(/^20/);
      expect((await on("refresh")).body).toEqual({ changed: false, version: 4, revision: 4 });
      serve(withSequence(second, 2));
      expect((await on("refresh")).body).toMatchObject({ changed: true });
      expect([(await getAs(first)).status, (await getAs(second)).status]).toEqual([401, 200]);
    });

    it.each<readonly [string, unknown, number]>([
      ["an error status", "canary", 500],
      ["something that is not a bundle", "canary", 200],
      ["a bundle with a private key", { keys: [{ kty: "EC", d: "canary" }] }, 200],
      ["duplicate members", '{"keys":[],"keys":[]}', 200],
      ["a bundle that is too large", `{"keys":[]}${" ".repeat(65_536)}`, 200],
    ])("keeps the stored bundle if the endpoint returns %s", async (_, body, status) => {
      await grant(["read"]);
      await put({ bundle: first.bundle, endpointUrl: ENDPOINT });
      serve(body, status);
      expect(await on("refresh")).toMatchObject({ status: 502, body: { err: "endpoint_failed" } });
      expect((await getAs(first)).status).toBe(200);
      const reason = expect.stringMatching(/^endpointUrl must return a usable bundle: /);
      expect(
        service.audit.some((line) => line.outcome === "endpoint_failed" && reason.asymmetricMatch(line.reason)),
      ).toBe(true);
      expect(JSON.stringify([service.log, service.audit])).not.toContain("canary");
    });

    it("keeps the stored bundle if the endpoint returns an older one (B07)", async () => {
      await grant(["read"]);
      await put({ bundle: withSequence(first, 5), endpointUrl: ENDPOINT });
      serve(withSequence(second, 4));
      expect((await on("refresh")).status).toBe(409);
      expect((await getAs(first)).status).toBe(200);
      await service.scheduled(NOW);
      expect(service.log.at(-1)).toMatchObject({ event: "bundle_refresh_failed", reason: "bundle_outdated" });
      expect((await getAs(first)).status).toBe(200);
    });

    it("fetches again each time, even with the same Idempotency-Key", async () => {
      await put({ endpointUrl: ENDPOINT });
      const refresh = async () => {
        const body = { trustDomain: "partner.org" };
        return await service.post(`${BUNDLE}?action=refresh`, body, { headers: { "idempotency-key": "same" } });
      };
      serve(withSequence(first, 1));
      expect((await refresh()).body).toMatchObject({ changed: true });
      expect((await refresh()).body).toMatchObject({ changed: false });
      serve(withSequence(second, 2));
      expect((await refresh()).body).toMatchObject({ changed: true });
      expect((await on("get")).body).toMatchObject({ sequence: "2" });
    });

    it("ignores a trust domain in the fetched bundle (F02)", async () => {
      await put({ endpointUrl: ENDPOINT });
      serve({ ...first.bundle, trust_domain: "spike.ist", spiffe_trust_domain: "spike.ist" });
      expect((await on("refresh")).status).toBe(200);
      expect((await on("list", {})).body["bundles"]).toMatchObject([{ trustDomain: "partner.org" }]);
    });

    it("keeps a bundle that was put during the fetch", async () => {
      await grant(["read"]);
      await put({ bundle: first.bundle, endpointUrl: ENDPOINT });
      endpoint = async () => {
        await put({ bundle: second.bundle, endpointUrl: ENDPOINT });
        return new Response(JSON.stringify({ keys: [] }));
      };
      expect((await on("refresh")).body).toEqual({ changed: false, version: 4, revision: 4 });
      expect((await getAs(second)).status).toBe(200);
    });

    it("returns 404 without a stored bundle and 400 without an endpoint", async () => {
      expect((await on("refresh")).status).toBe(404);
      await put({ bundle: first.bundle });
      expect((await on("refresh")).status).toBe(400);
    });
  });

  describe("the schedule", () => {
    it("refreshes the bundles that are due, continues after a failure, and logs both", async () => {
      for (const name of ["a.org", "b.org", "c.org", "d.org"]) {
        const endpointUrl = name === "d.org" ? undefined : `https://${name}/bundle`;
        const hint = name === "c.org" ? { spiffe_refresh_hint: 900 } : {};
        await put({ trustDomain: name, bundle: { keys: [], ...hint }, ...(endpointUrl && { endpointUrl }) });
      }
      const fetched: string[] = [];
      endpoint = (url) => {
        fetched.push(url);
        return url.includes("a.org") ? new Response("", { status: 500 }) : new Response(JSON.stringify(first.bundle));
      };
      service.log.length = 0;
      await service.scheduled(NOW + 300_000);
      expect(fetched.toSorted()).toEqual(["https://a.org/bundle", "https://b.org/bundle"]);
      expect(service.log.map(({ event, reason = "-" }) => `${event} ${reason}`).toSorted()).toEqual([
        "bundle_refresh_failed endpoint_failed",
        "bundle_refreshed -",
      ]);
      fetched.length = 0;
      await service.scheduled(NOW + 900_000);
      expect(fetched.toSorted()).toEqual(["https://a.org/bundle", "https://b.org/bundle", "https://c.org/bundle"]);
      const { body } = await service.post("/v1/audit?action=list", { resource: "bundle:b.org" });
      expect(body["entries"]).toMatchObject([
        { action: "put" },
        { action: "refresh", spiffeId: "spike-edge:schedule" },
      ]);
    });

    it("starts with a random bundle, fetches up to four at once, and gives each its own limit of database requests", async () => {
      const names = Array.from({ length: 30 }, (_, n) => `d${String(n).padStart(2, "0")}.org`);
      for (const trustDomain of names) await put({ trustDomain, endpointUrl: `https://${trustDomain}/b` });
      const fetched: string[] = [];
      let sequence = 0;
      let open = 0;
      let maxOpen = 0;
      endpoint = async (url) => {
        fetched.push(url);
        maxOpen = Math.max(maxOpen, (open += 1));
        await new Promise((go) => setTimeout(go, 1));
        open -= 1;
        return new Response(JSON.stringify({ ...first.bundle, spiffe_sequence: (sequence += 1) }));
      };
      const starts = new Set<string | undefined>();
      for (let run = 0; run < 6; run += 1) {
        fetched.length = 0;
        service.log.length = 0;
        await service.scheduled(NOW + run * 3_600_000);
        expect(new Set(fetched).size).toBe(30);
        starts.add(fetched[0]);
        expect(service.log.filter(({ event }) => event !== "bundle_refreshed")).toEqual([]);
      }
      expect(starts.size).toBeGreaterThan(1);
      expect(maxOpen).toBe(4);
    });

    it("runs at the interval that wrangler.toml sets", () => {
      const minutes = /^crons = \["\*\/(\d+) \* \* \* \*"\]$/m.exec(readFileSync("wrangler.toml", "utf8"))?.[1];
      expect(Number(minutes) * 60_000).toBe(EVERY_MS);
    });

    it("logs a database failure and ends", async () => {
      const broken: Store = {
        load: async () => await Promise.reject(new Error("canary")),
        commit: async () => await Promise.reject(new Error("canary")),
      };
      const other = await testService(broken);
      await other.scheduled(NOW);
      expect(other.log).toMatchObject([{ event: "bundle_refresh_failed", reason: "Error" }]);
      expect(JSON.stringify(other.log)).not.toContain("canary");
    });
  });
});
