import { Hono } from "hono";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../src/api/app.ts";
import { digestOfProblems } from "../src/audit/audit-problem.ts";
import { OPERATIONS } from "../src/api/nexus/operations.ts";
import { importProxySecret } from "../src/api/proxy-secret.ts";
import { certificateAuthority, toRfc9440 } from "../src/identity/x509/minting.fixture.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Change, Query, Store } from "../src/store/store.ts";
import { challengeOf, cipherText, firstShard } from "./harness/key-material.ts";
import { ownerOf } from "./harness/owner-of.ts";
import { SUPERUSER, type TestDomain, testDomain } from "./harness/identity.ts";
import { type TestService, testService } from "./harness/service.ts";

/** A valid body for each operation. A new operation without one fails the suite, and so joins it. */
const BODIES: Readonly<Record<string, object>> = {
  "/v1/store/secrets": { path: "app/a", values: { v: "canary" } },
  "/v1/store/secrets?action=get": { path: "app/a" },
  "/v1/store/secrets?action=delete": { path: "app/a" },
  "/v1/store/secrets?action=undelete": { path: "app/a", versions: [1] },
  "/v1/store/secrets?action=remove": { path: "app/a" },
  "/v1/store/secrets?action=list": {},
  "/v1/store/secrets/metadata?action=get": { path: "app/a" },
  "/v1/acl/policy": { name: "new", spiffeidPattern: "^spiffe://d/a$", pathPattern: "^a/", permissions: ["read"] },
  "/v1/acl/policy?action=get": { id: "p" },
  "/v1/acl/policy?action=delete": { id: "p" },
  "/v1/acl/policy?action=list": {},
  "/v1/trust/bundle": { trustDomain: "new.org", bundle: { keys: [] } },
  "/v1/trust/bundle?action=get": { trustDomain: "partner.org" },
  "/v1/trust/bundle?action=delete": { trustDomain: "partner.org" },
  "/v1/trust/bundle?action=list": {},
  "/v1/trust/bundle?action=refresh": { trustDomain: "partner.org" },
  "/v1/cipher/encrypt": { plaintext: "eA==" },
  "/v1/cipher/decrypt": await cipherText(),
  "/v1/operator/recover": {},
  "/v1/operator/restore": await firstShard(),
  "/v1/bootstrap/verify": challengeOf("arrived"),
  "/v1/operator/status": {},
  "/v1/operator/register": { keyId: "a" },
  "/v1/operator/rewrap": {},
  "/v1/operator/rebuild?action=store": {},
  "/v1/operator/rebuild?action=authority": {},
  "/v1/operator/store?action=restored": { beyond: 1_000_000 },
  "/v1/audit?action=list": {},
  "/v1/audit?action=verify": {},
  "/v1/audit?action=acknowledge": { upTo: 0, digest: await digestOfProblems({ after: 0, upTo: 0 }, []) },
  "/v1/audit?action=prune": { days: 7 },
};

const PROXY_SECRET = "a-secret-of-at-least-thirty-two-letters";

const POLICY_OF_ANOTHER = {
  name: "p",
  spiffeidPattern: "^spiffe://spike\\.ist/somebody$",
  pathPattern: "^app/",
  permissions: ["super"],
};

const targets = Object.entries(OPERATIONS).flatMap(([path, operations]) =>
  Object.keys(operations).map((action) => (action === "" ? path : `${path}?action=${action}`)),
);

/** As in SPIKE's ADR-0031: there is no operation without an access check. */
describe("every operation", async () => {
  let store: Store;
  let service: TestService;
  let partner: TestDomain;
  let stranger: TestDomain;
  const commits: Change[] = [];
  const authority = await certificateAuthority({ trustDomain: "spike.ist" });
  const certificates = { kind: "proxy", secrets: [await importProxySecret(PROXY_SECRET)] } as const;
  beforeAll(async () => {
    [partner, stranger] = await Promise.all([testDomain("partner.org"), testDomain("stranger.org")]);
  });
  beforeEach(async () => {
    const inner = memoryStore({ storeId: "s", now: Date.now });
    commits.length = 0;
    store = {
      load: async <Q extends Query>(query: Q, signal: AbortSignal) => await inner.load(query, signal),
      commit: async (change, query, signal) => {
        commits.push(change);
        return await inner.commit(change, query, signal);
      },
    };
    service = await testService(store, {
      fetch: async () => await Promise.resolve(new Response('{"keys":[]}')),
      certificates,
      bundleEntries: [authority.bundleEntry],
    });
    // Something to get, restore, list and delete, and a policy of another identity.
    await service.post("/v1/store/secrets", { path: "app/a", values: { v: "canary" } });
    await service.post("/v1/store/secrets", { path: "app/a", values: { v: "canary" } });
    await service.post("/v1/store/secrets?action=delete", { path: "app/a", versions: [1] });
    await service.post("/v1/acl/policy", POLICY_OF_ANOTHER);
    await service.post("/v1/trust/bundle", {
      trustDomain: "partner.org",
      bundle: partner.bundle,
      endpointUrl: "https://partner.org/",
    });
    commits.length = 0;
  });

  it("has a body in this suite, and every body has an operation", () => {
    expect(Object.keys(BODIES).toSorted()).toEqual(targets.toSorted());
  });

  it("is in the table of operations: the app serves nothing else, except the endpoints for load balancers", () => {
    const app = createApp();
    expect(app).toBeInstanceOf(Hono);
    const served = app.routes.map(({ method, path }) => `${method} ${path}`);
    const operations = Object.keys(OPERATIONS).map((path) => `POST ${path}`);
    const middleware = ["ALL /*", "POST /*"];
    const health = ["GET /healthz", "GET /readyz"];
    expect([...new Set(served)].toSorted()).toEqual([...middleware, ...health, ...operations].toSorted());
  });

  it.each(targets)("%s is permitted to its owner", async (target) => {
    expect(await (await service.as(ownerOf(target)))(target, BODIES[target])).toMatchObject({ status: 200 });
  });

  it.each(targets)(
    "%s is permitted to its owner's certificate, but not if a page of another site uses it (Q35, C15)",
    async (target) => {
      const { chain } = await authority.issueLeaf({ id: `spiffe://spike.ist${ownerOf(target)}` });
      const send = async (more: Readonly<Record<string, string>>) => {
        const request = new Request(`http://edge.test${target}`, {
          method: "POST",
          headers: { "client-cert": toRfc9440(chain.leaf), "x-spike-proxy-secret": PROXY_SECRET, ...more },
          body: JSON.stringify(BODIES[target]),
        });
        return await service.fetch(request);
      };
      for (const headers of [
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
        { origin: "https://evil.test" },
        { origin: "null" },
        { "sec-fetch-site": "cross-site", origin: "https://edge.test", "content-type": "text/plain" },
      ]) {
        const response = await send(headers);
        expect(response.status).toBe(401);
        expect(await response.text()).not.toMatch(/canary|app\/a|spiffe:/);
        expect(service.audit.at(-1)).toMatchObject({ outcome: "unauthorized", reason: "cross-site", roundTrips: 0 });
      }
      expect(commits).toEqual([]);
      expect((await send({ "content-type": "text/plain" })).status).toBe(200);
    },
  );

  it.each(targets)("%s is refused without a policy, commits nothing and reveals nothing", async (target) => {
    const lookalikes = ["/workload", "/somebody-else", "/somebody/x", "/x/somebody", `${SUPERUSER}s`, `/x${SUPERUSER}`];
    const roles = ["recover", "restore"].map((role) => `/spike/pilot/role/${role}`);
    const standing = [...roles, "/spike/nexus", "/spike/bootstrap", "/spike/workload/role/lite", SUPERUSER];
    for (const path of [...lookalikes, ...standing].filter(
      (path) => path !== ownerOf(target) && !(path.endsWith("/lite") && target.startsWith("/v1/cipher/")),
    )) {
      const answer = await (await service.as(path))(target, BODIES[target]);
      expect(answer.status, path).toBe(401);
      expect(answer.body["err"], path).toBe("access_unauthorized");
      expect(answer.text, path).not.toMatch(/canary|app\/a|spiffe:/);
      expect(answer.headers.get("server-timing"), path).toBeNull();
    }
    const { domain } = service;
    const imposter = await testDomain("spike.ist");
    const tokens = {
      expired: domain.token(SUPERUSER, { exp: 1_700_000_000 }),
      "for another audience": domain.token(SUPERUSER, { aud: "vault" }),
      "of another key": imposter.token(SUPERUSER),
      "of an unknown domain": stranger.token(SUPERUSER),
      "of a stored domain, as superuser": partner.token(SUPERUSER),
      "of a stored domain, as somebody": partner.token("/somebody"),
    };
    const authorizations = await Promise.all(
      Object.entries(tokens).map(async ([what, token]) => [what, `Bearer ${await token}`] as const),
    );
    for (const [what, authorization] of [...authorizations, ["none", ""], ["no token", "Bearer x"], ["B", "Basic x"]]) {
      const answer = await service.post(target, BODIES[target], { headers: { authorization } });
      expect(answer.status, what).toBe(401);
      expect(answer.body["err"], what).toBe("access_unauthorized");
      expect(answer.text, what).not.toMatch(/canary|app\/a|spiffe:/);
      expect(answer.headers.get("server-timing"), what).toBeNull();
    }
    expect(commits).toEqual([]);
  });

  it.each(targets)("%s is permitted by a policy with its own permission and path only", async (target) => {
    const [path = "", action = ""] = target.split("?action=");
    const { access } = OPERATIONS[path]![action]!;
    const paths = ["^app/", "^spike/system/acl$", "^spike/system/secret$", "^spike/system/cipher/exec$"];
    const isSuper = "wanted" in access && access.wanted === "super";
    for (const permission of ["read", "write", "list", "execute", ...(isSuper ? ["super"] : [])]) {
      for (const pathPattern of paths) {
        const policy = {
          name: "one",
          spiffeidPattern: "^spiffe://spike\\.ist/w$",
          pathPattern,
          permissions: [permission],
        };
        expect((await service.post("/v1/acl/policy", policy)).status).toBe(200);
        const on = access.on === "path" ? "^app/" : `^${access.on}$`;
        // A scoped list is permitted with the permission on any path, and returns those paths.
        const scoped = "scoped" in access;
        const opens = "wanted" in access && permission === access.wanted && (pathPattern === on || scoped);
        const { status } = await (await service.as("/w"))(target, BODIES[target]);
        expect(status, `${permission} on ${pathPattern}`).toBe(opens ? 200 : 401);
        if (opens && action === "delete" && path.includes("acl")) {
          await service.post("/v1/acl/policy", POLICY_OF_ANOTHER);
        }
      }
    }
  });

  it.each(targets)("%s is not permitted by policies with a similar path or identity", async (target) => {
    const me = "^spiffe://spike\\.ist/w$";
    const everything = ["read", "write", "list", "execute", "super"];
    const put = async (name: string, spiffeidPattern: string, pathPattern: string) => {
      const policy = { name, spiffeidPattern, pathPattern, permissions: everything };
      expect((await service.post("/v1/acl/policy", policy)).status, name).toBe(200);
    };
    await put("other-path", me, "^app/b$");
    await put("longer-path", me, "^app/a/");
    await put("prefix-of-path", me, "^app/a.+");
    await put("other-identity", "^spiffe://spike\\.ist/w2$", "^app/");
    await put("below-identity", "^spiffe://spike\\.ist/w/.*$", "^.*$");
    await put("other-domain", "^spiffe://spike\\.ist\\.evil\\.org/w$", "^.*$");
    const { access } = OPERATIONS[target.split("?")[0]!]![target.split("?action=")[1] ?? ""]!;
    const { status, text } = await (await service.as("/w"))(target, BODIES[target]);
    // A scoped list is permitted, and returns only the paths of the policy.
    const scoped = "scoped" in access;
    expect(status).toBe(scoped ? 200 : 401);
    expect(text).not.toMatch(/canary|app\/a"/);
  });

  it.each(targets)(
    "%s rejects HEAD, OPTIONS and GET, and a body that is too large or invalid (P15)",
    async (target) => {
      for (const method of ["HEAD", "OPTIONS", "GET", "PUT", "DELETE"]) {
        const response = await service.fetch(new Request(`http://edge.test${target}`, { method }));
        expect(response.status, method).toBe(400);
      }
      expect((await service.post(target, "{")).status).toBe(400);
      expect((await service.post(target, `"${"x".repeat(1024 * 1024)}"`)).status).toBe(413);
    },
  );
});
