import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { importProxySecret, type ProxySecret } from "../src/api/proxy-secret.ts";
import {
  certificateAuthority,
  type TestAuthority,
  toRfc9440,
  toRfc9440List,
} from "../src/identity/x509/minting.fixture.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import { type CountingStore, countingStore } from "./harness/counting-store.ts";
import { type TestDomain, testDomain } from "./harness/identity.ts";
import { type TestService, testService } from "./harness/service.ts";

const GET = "/v1/store/secrets?action=get";
const SECRET = "a-secret-of-at-least-thirty-two-letters";
const WEB = "spiffe://partner.org/web";

/** Through the whole app: which sources of a certificate are trusted, and what a certificate must be to identify a caller. */
describe("client certificates", () => {
  let root: TestAuthority;
  let intermediate: TestAuthority;
  let partner: TestDomain;
  let secrets: readonly ProxySecret[];
  let headers: Readonly<Record<string, string>>;
  beforeAll(async () => {
    root = await certificateAuthority({ trustDomain: "partner.org" });
    [intermediate, partner] = await Promise.all([root.issueIntermediate(), testDomain("partner.org")]);
    secrets = [await importProxySecret(SECRET)];
    const { chain } = await intermediate.issueLeaf({ id: WEB });
    headers = { "client-cert": toRfc9440(chain.leaf), "client-cert-chain": toRfc9440List(chain.intermediates) };
  });

  let store: CountingStore;
  const start = async (certificates: Parameters<typeof testService>[1] & object): Promise<TestService> => {
    store = countingStore(memoryStore({ storeId: "s", now: Date.now }));
    const service = await testService(store, certificates);
    await service.post("/v1/store/secrets", { path: "app/a", values: { v: "x" } });
    const policy = {
      name: "p",
      spiffeidPattern: "^spiffe://partner\\.org/web$",
      pathPattern: "^app/",
      permissions: ["read"],
    };
    await service.post("/v1/acl/policy", policy);
    const bundle = { keys: [...partner.bundle.keys, root.bundleEntry] };
    expect((await service.post("/v1/trust/bundle", { trustDomain: "partner.org", bundle })).status).toBe(200);
    return service;
  };

  describe("from a proxy", () => {
    let service: TestService;
    beforeEach(async () => {
      service = await start({ certificates: { kind: "proxy", secrets } });
    });
    const get = async (sent: Readonly<Record<string, string>>) => {
      store.trips = 0;
      return await service.post(GET, { path: "app/a" }, { headers: { authorization: "", ...sent } });
    };
    const authentic = { "x-spike-proxy-secret": SECRET };

    // `authorization: ""` would be a present header. These requests send none.
    const send = async (sent: Readonly<Record<string, string>>) => {
      store.trips = 0;
      const request = new Request(`http://edge.test${GET}`, {
        method: "POST",
        headers: sent,
        body: '{"path":"app/a"}',
      });
      const response = await service.fetch(request);
      return { status: response.status, text: await response.text() };
    };

    it("identify the caller in one round trip if the proxy proves itself (C01, C03)", async () => {
      expect(await send({ ...headers, ...authentic })).toEqual({ status: 200, text: '{"data":{"v":"x"}}' });
      expect(store.trips).toBe(1);
      expect(service.audit.at(-1)).toMatchObject({ spiffeId: WEB, proof: "x509", outcome: "ok" });
    });

    it("are ignored without the secret and rejected with a wrong one (C03)", async () => {
      expect((await send(headers)).status).toBe(401);
      expect(service.audit.at(-1)).toMatchObject({ reason: "bearer-token-missing", roundTrips: 0 });
      expect((await send({ ...headers, "x-spike-proxy-secret": `${SECRET}x` })).status).toBe(401);
      expect(service.audit.at(-1)).toMatchObject({ reason: "proxy-secret", roundTrips: 0 });
      expect((await send({ ...headers, "x-spike-proxy-secret": "" })).status).toBe(401);
      expect(JSON.stringify([service.log, service.audit])).not.toContain(SECRET);
    });

    it("a token suffices without a certificate, with or without a proxy (C03)", async () => {
      const authorization = `Bearer ${await partner.token("/web")}`;
      expect((await send({ authorization })).status).toBe(200);
      expect((await send({ authorization, ...authentic })).status).toBe(200);
      expect((await send({ authorization, ...headers })).status, "ignored headers").toBe(200);
      expect((await send({ authorization, ...headers, "x-spike-proxy-secret": "wrong" })).status).toBe(401);
    });

    it("must name the same identity as the token", async () => {
      const token = async (path: string) => ({ authorization: `Bearer ${await partner.token(path)}` });
      expect((await send({ ...headers, ...authentic, ...(await token("/web")) })).status).toBe(200);
      expect(service.audit.at(-1)).toMatchObject({ proof: "jwt+x509" });
      expect((await send({ ...headers, ...authentic, ...(await token("/other")) })).status).toBe(401);
      expect(service.audit.at(-1)).toMatchObject({ reason: "identities-differ" });
      const superuser = `Bearer ${await service.domain.token("/spike/pilot/role/superuser")}`;
      expect((await send({ ...headers, ...authentic, authorization: superuser })).status).toBe(401);
      expect((await get({ ...headers, ...authentic })).status, "a header that is no token").toBe(401);
    });

    it("are rejected in any other form (C02)", async () => {
      const leaf = headers["client-cert"]!;
      for (const wrong of [
        leaf.slice(1),
        `${leaf}, ${leaf}`,
        `${leaf};a=1`,
        leaf.replaceAll("=", ""),
        ":AAAA:",
        "?1",
      ]) {
        expect((await send({ ...authentic, "client-cert": wrong })).status, wrong.slice(0, 20)).toBe(401);
        expect(service.audit.at(-1)?.reason).toMatch(/^certificate/);
      }
      const onlyChain = { "client-cert-chain": headers["client-cert-chain"]! };
      expect((await send({ ...authentic, ...onlyChain })).status).toBe(401);
    });

    const HOST = "edge.test";
    const CROSS_SITE: readonly Readonly<Record<string, string>>[] = [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "" },
      { "sec-fetch-site": "Same-Origin" },
      { "sec-fetch-site": "same-origin, same-origin" },
      { "sec-fetch-site": "unheard-of" },
      { "sec-fetch-site": "cross-site", origin: `https://${HOST}` },
      { "sec-fetch-site": "same-origin", origin: "https://evil.test" },
      { origin: "https://evil.test" },
      { origin: "null" },
      { origin: "" },
      { origin: `http://${HOST}` },
      { origin: `https://${HOST}:8443` },
      { origin: `https://${HOST}.evil.test` },
      { origin: `https://sub.${HOST}` },
      { origin: `https://user@${HOST}` },
      { origin: `https://${HOST}, https://evil.test` },
      { origin: "file://" },
      { origin: "moz-extension://0" },
    ];
    const OWN: readonly Readonly<Record<string, string>>[] = [
      {},
      { "content-type": "text/plain" },
      { "content-type": "application/x-www-form-urlencoded" },
      { "sec-fetch-site": "same-origin" },
      { "sec-fetch-site": "none" },
      { origin: `https://${HOST}` },
      { "sec-fetch-site": "same-origin", origin: `https://${HOST}`, "content-type": "text/plain" },
      { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "empty" },
      { referer: "https://evil.test/" },
    ];

    it.each(CROSS_SITE)("are refused in a request of another site's page: %j (Q35, C15)", async (sent) => {
      expect((await send({ ...headers, ...authentic, ...sent })).status).toBe(401);
      expect(service.audit.at(-1)).toMatchObject({ outcome: "unauthorized", reason: "cross-site", roundTrips: 0 });
    });

    it.each(CROSS_SITE)("do not matter next to a token, which a page cannot know: %j (Q35, C15)", async (sent) => {
      const authorization = `Bearer ${await partner.token("/web")}`;
      expect((await send({ authorization, ...sent })).status).toBe(200);
      expect((await send({ ...headers, ...authentic, authorization, ...sent })).status).toBe(200);
    });

    it.each(OWN)(
      "identify the caller in a request of a program or of the service's own origin: %j (Q35, C15)",
      async (sent) => {
        expect((await send({ ...headers, ...authentic, ...sent })).status).toBe(200);
      },
    );

    it("are refused in a cross-site request with Basic credentials (Q35, C15)", async () => {
      const authorization = `Basic ${btoa("a:b")}`;
      expect((await send({ ...headers, ...authentic, authorization, "sec-fetch-site": "cross-site" })).status).toBe(
        401,
      );
    });

    it("are rejected without the intermediate (X16)", async () => {
      expect((await send({ ...authentic, "client-cert": headers["client-cert"]! })).status).toBe(401);
    });

    it("are rejected from an authority of another domain, with any ID (X17, ID20)", async () => {
      const stranger = await certificateAuthority({ trustDomain: "stranger.org" });
      for (const id of [WEB, "spiffe://stranger.org/web", "spiffe://spike.ist/spike/pilot/role/superuser"]) {
        const { chain } = await stranger.issueLeaf({ id });
        expect((await send({ ...authentic, "client-cert": toRfc9440(chain.leaf) })).status, id).toBe(401);
      }
      // Its own authority signed it, but may not sign IDs of another domain.
      const { chain } = await root.issueLeaf({ id: "spiffe://spike.ist/spike/pilot/role/superuser" });
      expect((await send({ ...authentic, "client-cert": toRfc9440(chain.leaf) })).status).toBe(401);
    });

    it("are rejected if they are an authority's (X14)", async () => {
      expect((await send({ ...authentic, "client-cert": toRfc9440(root.der) })).status).toBe(401);
      expect((await send({ ...authentic, "client-cert": toRfc9440(intermediate.der) })).status).toBe(401);
    });

    it("are rejected from the next request on after their authority is removed from the bundle", async () => {
      const bundle = partner.bundle;
      expect((await service.post("/v1/trust/bundle", { trustDomain: "partner.org", bundle })).status).toBe(200);
      expect((await send({ ...headers, ...authentic })).status).toBe(401);
    });

    it("in other headers are ignored (C03)", async () => {
      const leaf = headers["client-cert"]!;
      for (const name of [
        "x-forwarded-client-cert",
        "x-tls-client-cert",
        "x-ssl-client-cert",
        "x-ssl-cert",
        "ssl-client-cert",
      ]) {
        expect((await send({ ...authentic, [name]: leaf })).status, name).toBe(401);
        expect(service.audit.at(-1)).toMatchObject({ reason: "bearer-token-missing" });
      }
    });
  });

  it("from a proxy are ignored if no proxy is configured (C03)", async () => {
    const service = await start({ certificates: { kind: "none" } });
    const request = new Request(`http://edge.test${GET}`, {
      method: "POST",
      headers: { ...headers, "x-spike-proxy-secret": SECRET },
      body: '{"path":"app/a"}',
    });
    Object.defineProperty(request, "cf", { value: edge(headers) });
    expect((await service.fetch(request)).status).toBe(401);
  });

  /** The object that Cloudflare sets for a verified certificate. */
  const edge = (sent: Readonly<Record<string, string>>, more: object = {}) => ({
    tlsClientAuth: {
      certPresented: "1",
      certVerified: "SUCCESS",
      certRevoked: "0",
      certRFC9440: sent["client-cert"],
      certRFC9440TooLarge: false,
      certChainRFC9440: sent["client-cert-chain"],
      certChainRFC9440TooLarge: false,
      ...more,
    },
  });

  describe("from Cloudflare's edge", () => {
    let service: TestService;
    beforeEach(async () => {
      service = await start({ certificates: { kind: "cloudflare", hosts: ["spike.example.org"] } });
    });
    const send = async (cf: unknown, host = "spike.example.org", sent: Readonly<Record<string, string>> = {}) => {
      const url = `https://${host}${GET}`;
      const request = new Request(url, { method: "POST", headers: sent, body: '{"path":"app/a"}' });
      if (cf !== undefined) Object.defineProperty(request, "cf", { value: cf });
      const { status } = await service.fetch(request);
      return [status, service.audit.at(-1)?.reason];
    };

    it("identify the caller (C04)", async () => {
      expect(await send(edge(headers))).toEqual([200, undefined]);
    });

    it.each([
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "https://evil.test" },
      { origin: "null" },
      { origin: "http://spike.example.org" },
      { origin: "https://spike.example.org:8443" },
    ])("are refused in a request of another site's page: %j (Q35, C15)", async (sent) => {
      expect(await send(edge(headers), "spike.example.org", sent)).toEqual([401, "cross-site"]);
    });

    it.each([{ "sec-fetch-site": "none" }, { origin: "https://spike.example.org", "sec-fetch-site": "same-origin" }])(
      "identify the caller in a request of the service's own origin: %j (Q35, C15)",
      async (sent) => {
        expect(await send(edge(headers), "spike.example.org", sent)).toEqual([200, undefined]);
      },
    );

    it("are read from no header (C04, C12)", async () => {
      const forged = { ...headers, "x-spike-proxy-secret": SECRET, cf: JSON.stringify(edge(headers)) };
      expect(await send(undefined, "spike.example.org", forged)).toEqual([401, "bearer-token-missing"]);
    });

    it("are accepted only if verified and not revoked (C05, C06, C07)", async () => {
      expect((await send(edge(headers, { certRevoked: "1" })))[0]).toBe(401);
      expect((await send(edge(headers, { certVerified: "FAILED:certificate has expired" })))[0]).toBe(401);
      expect((await send(edge(headers, { certVerified: "NONE" })))[0]).toBe(401);
      expect((await send(edge(headers, { certPresented: "0" })))[0]).toBe(401);
    });

    it("are rejected if they are too large (C08)", async () => {
      const authorization = `Bearer ${await partner.token("/web")}`;
      const tooLarge = edge({}, { certRFC9440: "", certRFC9440TooLarge: true, certChainRFC9440: "" });
      expect((await send(tooLarge, "spike.example.org", { authorization }))[0]).toBe(401);
    });

    it("are validated completely, regardless of the edge's verification (C09)", async () => {
      const stranger = await certificateAuthority({ trustDomain: "partner.org" });
      const { chain } = await stranger.issueLeaf({ id: WEB });
      expect((await send(edge({ "client-cert": toRfc9440(chain.leaf), "client-cert-chain": "" })))[0]).toBe(401);
    });

    it("are rejected on hosts that are not listed, where a token suffices (C11)", async () => {
      expect(await send(edge(headers), "spike.workers.dev")).toEqual([401, "certificate-host"]);
      expect((await send(edge(headers), "spike.example.org.evil.org"))[0]).toBe(401);
      const authorization = `Bearer ${await partner.token("/web")}`;
      expect((await send(undefined, "spike.workers.dev", { authorization }))[0]).toBe(200);
    });

    it("are not identified by distinguished names (C13)", async () => {
      const names = {
        certSubjectDN: `CN=${WEB}`,
        certSubjectDNRFC2253: `CN=${WEB}`,
        certSubjectDNLegacy: `/CN=${WEB}`,
      };
      const named = edge({ "client-cert": "", "client-cert-chain": "" }, names);
      expect((await send(named))[0]).toBe(401);
    });
  });
});
