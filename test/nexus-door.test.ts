import { beforeEach, describe, expect, it } from "vitest";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Store } from "../src/store/store.ts";
import { StoreUnavailable } from "../src/store/store-unavailable.ts";
import { testDomain } from "./harness/identity.ts";
import { type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const METADATA = "/v1/store/secrets/metadata";
const POLICY = "/v1/acl/policy";
const AUDIT = "/v1/audit";
const ZERO = "0001-01-01T00:00:00Z";
const NO_METADATA = { currentVersion: 0, oldestVersion: 0, createdTime: ZERO, updatedTime: ZERO, maxVersions: 0 };
const NO_POLICY = {
  id: "",
  name: "",
  spiffiedPattern: "",
  pathPattern: "",
  permissions: null,
  createdAt: ZERO,
  updatedAt: ZERO,
};
const A_POLICY = { name: "p", spiffeidPattern: "^spiffe://d/a$", pathPattern: "^a$", permissions: ["read"] };

/** Each operation: its target, a valid body, and the members beside `err` in its errors. */
const OPERATIONS: readonly (readonly [string, object, object])[] = [
  [SECRETS, { path: "a", values: {} }, {}],
  [`${SECRETS}?action=get`, { path: "a" }, { data: null }],
  [`${SECRETS}?action=delete`, { path: "a" }, {}],
  [`${SECRETS}?action=undelete`, { path: "a" }, {}],
  [`${SECRETS}?action=remove`, { path: "a" }, {}],
  [`${SECRETS}?action=list`, {}, { keys: null }],
  [`${METADATA}?action=get`, { path: "a" }, { metadata: NO_METADATA }],
  [POLICY, A_POLICY, {}],
  [`${POLICY}?action=get`, { id: "p" }, NO_POLICY],
  [`${POLICY}?action=delete`, { id: "p" }, {}],
  [`${POLICY}?action=list`, {}, { policies: null }],
  [`${AUDIT}?action=list`, {}, { entries: null }],
  [`${AUDIT}?action=verify`, {}, { entries: 0, problems: null }],
  [`${AUDIT}?action=prune`, { days: 7 }, {}],
];

/** The reason that a caller with a proved identity gets. */
const REASON = expect.objectContaining({ member: expect.any(String), rule: expect.any(String) });

describe("the SPIKE API", () => {
  let store: Store;
  let service: TestService;
  beforeEach(async () => {
    store = memoryStore({ storeId: "s", now: Date.now });
    service = await testService(store);
  });
  const revision = async () => (await store.load({}, new AbortController().signal)).store.revision;

  describe.each(OPERATIONS)("%s", (target, good, around) => {
    it("answers 400 to a body that is not a JSON object with the right types", async () => {
      const types = Object.keys(good).flatMap((name) => [`{"${name}":true}`, `{"${name}":{"a":1}}`]);
      for (const body of ["", "null", "[]", "1", "{", "{} x", '"a"', "\uFEFF{}", ...types]) {
        expect(await service.post(target, body), body).toMatchObject({ status: 400 });
        expect((await service.post(target, body)).body, body).toEqual({
          ...around,
          err: "api_bad_request",
          reason: REASON,
        });
      }
    });

    it("answers 400 to a body that has a member twice, in any case", async () => {
      for (const body of ['{"path":"a","path":"b"}', '{"path":"a","PATH":"b"}', '{"x":{"y":1,"y":2}}']) {
        expect((await service.post(target, body)).status, body).toBe(400);
      }
    });

    it("checks the body (400) before the identity (401), and its size (413) before both", async () => {
      const headers = { authorization: "" };
      expect((await service.post(target, "{", { headers })).status).toBe(400);
      const big = await service.post(target, `{"x":"${"y".repeat(1024 * 1024)}"}`, { headers });
      expect(big).toMatchObject({ status: 413, body: { ...around, err: "too_large" } });
    });

    it("answers the same 401 to every caller that is not permitted", async () => {
      const other = await testDomain("spike.ist");
      const foreign = await testDomain("example.org");
      const { domain } = service;
      const tokens = {
        none: "",
        malformed: "Bearer x",
        basic: `Basic ${await domain.token("/spike/pilot/role/superuser")}`,
        workload: `Bearer ${await domain.token("/workload")}`,
        recover: `Bearer ${await domain.token("/spike/pilot/role/recover")}`,
        nexus: `Bearer ${await domain.token("/spike/nexus")}`,
        lite: `Bearer ${await domain.token("/spike/workload/role/lite")}`,
        lookalike: `Bearer ${await domain.token("/spike/pilot/role/superuser-2")}`,
        otherKey: `Bearer ${await other.token("/spike/pilot/role/superuser")}`,
        foreignDomain: `Bearer ${await foreign.token("/spike/pilot/role/superuser")}`,
        audience: `Bearer ${await domain.token("/spike/pilot/role/superuser", { aud: "vault" })}`,
        expired: `Bearer ${await domain.token("/spike/pilot/role/superuser", { exp: 1_700_000_000 })}`,
      };
      const seen = new Set<string>();
      for (const [name, authorization] of Object.entries(tokens)) {
        service.audit.length = 0;
        const { status, text, headers } = await service.post(target, good, { headers: { authorization } });
        expect(status, name).toBe(401);
        const kept = [...headers].filter(([header]) => header !== "x-request-id");
        seen.add(JSON.stringify([text, kept]));
        const verified = ["workload", "recover", "nexus", "lite", "lookalike"].includes(name);
        const expected = verified
          ? { outcome: "denied", spiffeId: expect.stringContaining("spiffe://spike.ist/") }
          : { outcome: "unauthorized", reason: expect.any(String) };
        expect(service.audit, name).toMatchObject([{ ...expected, status: 401 }]);
        expect("spiffeId" in service.audit[0]!, name).toBe(verified);
        expect(JSON.stringify([service.log, service.audit]), name).not.toContain(authorization.slice(7) || "never");
      }
      expect([...seen]).toHaveLength(1);
      expect(JSON.parse([...seen][0]!)[0]).toBe(JSON.stringify({ ...around, err: "access_unauthorized" }));
      expect(await revision()).toBe(0);
    });

    it.runIf("path" in good)("answers 401 to a malformed path without an identity, and 400 with one", async () => {
      for (const path of ["", "a b", "ä", "a%2Fb", "a\u0000", "a\n", "x".repeat(501), "a^b", "a$"]) {
        const body = { ...good, path };
        expect((await service.post(target, body, { headers: { authorization: "" } })).status, path).toBe(401);
        expect((await service.post(target, body)).body, path).toEqual({
          ...around,
          err: "api_bad_request",
          reason: expect.objectContaining({ member: "path", ...(path !== "" && { limit: 500 }) }),
        });
      }
      expect((await service.post(target, { ...good, path: "x".repeat(500) })).status).not.toBe(400);
      expect((await service.post(target, { ...good, path: "/a//b/../c.d-e_f(g)?+*|[h]{i}\\" })).status).not.toBe(400);
    });

    it("sends the headers of the protocol", async () => {
      for (const body of [good, "{"]) {
        const { headers } = await service.post(target, body);
        expect(headers.get("content-type")).toBe("application/json");
        expect(headers.get("cache-control")).toBe("no-store, no-cache, must-revalidate, private");
        expect([headers.get("pragma"), headers.get("expires")]).toEqual(["no-cache", "0"]);
        expect(headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
      }
    });

    it("answers 503 with Retry-After while the store is down, and never an empty list", async () => {
      const down: Store = {
        load: async () => await Promise.reject(new StoreUnavailable("rejected", "none", "SQLITE_ERROR")),
        commit: async () => await Promise.reject(new Error("not reached")),
      };
      const broken = await testService(down);
      const answer = await broken.post(target, good);
      expect(answer).toMatchObject({ status: 503, body: { ...around, err: "store_unavailable" } });
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
      expect(broken.log).toMatchObject([{ level: "error", reason: "store_rejected", detail: "SQLITE_ERROR" }]);
    });

    it("answers a bare 500 to an unexpected error, and keeps its message out of the log", async () => {
      const bug: Store = {
        load: async () => await Promise.reject(new TypeError("secret canary in a message")),
        commit: async () => await Promise.reject(new Error("not reached")),
      };
      const broken = await testService(bug);
      expect(await broken.post(target, good)).toMatchObject({
        status: 500,
        body: { ...around, err: "api_internal_error" },
      });
      expect(broken.log).toMatchObject([{ reason: "TypeError" }]);
      expect(JSON.stringify(broken.log)).not.toContain("canary");
    });
  });

  it("answers 400 to every other method, path and action", async () => {
    const wrong: readonly (readonly [string, string])[] = [
      ["GET", `${SECRETS}?action=get`],
      ["PUT", SECRETS],
      ["DELETE", SECRETS],
      ["OPTIONS", SECRETS],
      ["POST", "/"],
      ["POST", `${SECRETS}/`],
      ["POST", "/v1/store/secret%73"],
      ["POST", `${SECRETS}?action=Get`],
      ["POST", `${SECRETS}?action=constructor`],
      ["POST", `${SECRETS}?action=get&action=list`],
      ["POST", METADATA],
      ["POST", "/__proto__"],
      ["POST", "/v1/acl/policy/"],
      ["POST", "/v1/acl/policy?action=put"],
      ["POST", "/v1/audit"],
      ["GET", "/healthz/"],
      ["POST", "/healthz"],
      ["POST", "/readyz"],
    ];
    for (const [method, target] of wrong) {
      const request = new Request(`http://edge.test${target}`, { method, ...(method === "POST" && { body: "{}" }) });
      const response = await service.fetch(request);
      expect([response.status, await response.text()], `${method} ${target}`).toEqual([
        400,
        '{"err":"api_bad_request"}',
      ]);
    }
    const head = await service.fetch(new Request(`http://edge.test${SECRETS}`, { method: "HEAD" }));
    expect(head.status).toBe(400);
  });

  it("reads bodies as Go does: names in any case, unknown members ignored, null as the zero value", async () => {
    const put = await service.post(SECRETS, '{"PATH":"a","Values":{"k":"v","n":null},"err":"x","more":[1]}');
    expect(put).toMatchObject({ status: 200, body: { version: 1, revision: 1 } });
    const got = await service.post(`${SECRETS}?action=get`, '{"path":"a","version":null}');
    expect(got.body).toEqual({ data: { k: "v", n: "" } });
    for (const version of ["1.0", "1e0", '"1"', "true", "9223372036854775808", "-9223372036854775809"]) {
      expect((await service.post(`${SECRETS}?action=get`, `{"path":"a","version":${version}}`)).status, version).toBe(
        400,
      );
    }
    for (const version of ["-1", "9223372036854775807", "9007199254740993", "99"]) {
      expect((await service.post(`${SECRETS}?action=get`, `{"path":"a","version":${version}}`)).status, version).toBe(
        404,
      );
    }
    const many = JSON.stringify({ path: "a", versions: Array.from({ length: 10_001 }, () => 99) });
    expect((await service.post(`${SECRETS}?action=delete`, many)).status).toBe(400);
    expect((await service.post(`${SECRETS}?action=get`, '{"\u017FpaTh":"a","\u212Aey":1,"path":"a"}')).status).toBe(
      200,
    );
  });

  it("rejects value keys that are not names of the protocol, and values that are not strings", async () => {
    const put = async (values: string) => (await service.post(SECRETS, `{"path":"a","values":${values}}`)).status;
    for (const key of ["", "a.b", "ä", "x".repeat(251), "a/b"]) {
      expect(await put(JSON.stringify({ [key]: "v" })), key).toBe(400);
    }
    for (const values of ["[]", '"x"', '{"a":1}', '{"a":{}}', '{"a":"1","a":"2"}']) {
      expect(await put(values), values).toBe(400);
    }
    expect(await put(JSON.stringify({ ["x".repeat(250)]: "v", " ": "w", __proto__: "p", "A-z_0": "" }))).toBe(200);
    expect(await revision()).toBe(1);
  });

  it("limits the depth of a body, and the size of a body without Content-Length", async () => {
    const deep = `{"path":"a","x":${"[".repeat(40)}${"]".repeat(40)}}`;
    expect((await service.post(`${SECRETS}?action=get`, deep)).status).toBe(400);
    expect((await service.post(`${SECRETS}?action=get`, "[".repeat(500_000))).status).toBe(400);
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode(" ".repeat(65536))),
    });
    const request = new Request(`http://edge.test${SECRETS}`, {
      method: "POST",
      body: endless,
      duplex: "half",
    } as RequestInit);
    expect((await service.fetch(request)).status).toBe(413);
  });

  describe("cas", () => {
    const put = async (cas: unknown) => await service.post(SECRETS, { path: "a", values: {}, cas });

    it("compares with the highest version ever written, or 0 if there is none", async () => {
      expect((await put(1)).body).toEqual({ err: "version_conflict" });
      expect((await put(0)).status).toBe(200);
      expect((await put(0)).status).toBe(409);
      expect((await put(1)).status).toBe(200);
      await service.post(`${SECRETS}?action=delete`, { path: "a" });
      expect((await put(1)).status, "2 is deleted, and still the highest").toBe(409);
      expect((await put(2)).body).toMatchObject({ version: 3 });
      expect(await revision()).toBe(4);
    });

    it("applies to delete and undelete", async () => {
      await put(undefined);
      for (const action of ["delete", "undelete"]) {
        const send = async (cas: number) => await service.post(`${SECRETS}?action=${action}`, { path: "a", cas });
        expect((await send(9)).status).toBe(409);
        expect((await send(1)).status).toBe(200);
      }
    });

    it("must be an integer of at least 0", async () => {
      for (const cas of [-1, 1.5, "1", true]) expect((await put(cas)).status).toBe(400);
      expect(await revision()).toBe(0);
    });
  });

  describe("Idempotency-Key", () => {
    const send = async (key: string, body: object, target = SECRETS) =>
      await service.post(target, body, { headers: { "Idempotency-Key": key } });

    it("repeats the first answer, and writes once", async () => {
      const first = await send("k", { path: "a", values: { v: "1" } });
      await send("other", { path: "a", values: { v: "2" } });
      const again = await send("k", { path: "a", values: { v: "1" } });
      expect(again.body).toEqual(first.body);
      expect(await revision()).toBe(2);
    });

    it("answers 422 to a different request: another path, value, cas or action", async () => {
      await send("k", { path: "a", values: { v: "1" } });
      expect((await send("k", { path: "b", values: { v: "1" } })).body).toEqual({ err: "idempotency_key_reused" });
      expect((await send("k", { path: "a", values: { v: "2" } })).status).toBe(422);
      expect((await send("k", { path: "a", values: { v: "1" }, cas: 1 })).status).toBe(422);
      expect((await send("k", { path: "a" }, `${SECRETS}?action=delete`)).status).toBe(422);
      expect(await revision()).toBe(1);
    });

    it("belongs to its caller", async () => {
      await send("k", { path: "a", values: {} });
      const other = await service.domain.token("/spike/pilot/role/superuser/second");
      const headers = { "Idempotency-Key": "k", authorization: `Bearer ${other}` };
      expect((await service.post(SECRETS, { path: "b", values: {} }, { headers })).body).toMatchObject({ revision: 2 });
    });

    it("does not repeat a refusal: the same request may succeed later", async () => {
      expect((await send("k", { path: "a" }, `${SECRETS}?action=delete`)).status).toBe(404);
      await send("p", { path: "a", values: {} });
      expect((await send("k", { path: "a" }, `${SECRETS}?action=delete`)).status).toBe(200);
    });

    it("must be 1 to 255 visible ASCII characters", async () => {
      for (const key of ["a b", "x".repeat(256), "ä"])
        expect((await send(key, { path: "a", values: {} })).status).toBe(400);
      expect((await send("x".repeat(255), { path: "a", values: {} })).status).toBe(200);
    });
  });

  it("lists by prefix, after a path, in pages", async () => {
    for (const path of ["a/1", "a/2", "b/1", "a", "A"]) await service.post(SECRETS, { path, values: {} });
    const list = async (body: object) => (await service.post(`${SECRETS}?action=list`, body)).body;
    expect(await list({})).toEqual({ keys: ["A", "a", "a/1", "a/2", "b/1"] });
    expect(await list({ prefix: "a/" })).toEqual({ keys: ["a/1", "a/2"] });
    expect(await list({ prefix: "a", after: "a", limit: 1 })).toEqual({ keys: ["a/1"] });
    expect(await list({ limit: 0, after: "b/1" })).toEqual({ keys: [] });
    for (const bad of [
      { limit: -1 },
      { limit: 10_001 },
      { limit: "1" },
      { prefix: "ä" },
      { after: "a b" },
      { prefix: 1 },
    ]) {
      expect(await list(bad)).toEqual({ keys: null, err: "api_bad_request", reason: REASON });
    }
  });

  it("rejects a list of more than 10 000 names without a limit, and never truncates it", async () => {
    const names = (count: number) => Array.from({ length: count }, (_, n) => `p${String(n).padStart(5, "0")}`);
    const stocked = (count: number): Store => ({
      async load(query, signal) {
        const snapshot = await store.load(query, signal);
        const rows = names(count).slice(0, query.paths?.limit);
        const paths = query.paths && { rows, more: rows.length < count, changed: false };
        return { ...snapshot, paths } as typeof snapshot;
      },
      commit: async () => await Promise.reject(new Error("not reached")),
    });
    const full = await (await testService(stocked(10_000))).post(`${SECRETS}?action=list`, {});
    expect((full.body["keys"] as string[]).length).toBe(10_000);
    const over = await testService(stocked(10_001));
    expect(await over.post(`${SECRETS}?action=list`, {})).toMatchObject({
      status: 400,
      body: { keys: null, err: "too_large" },
    });
    const page = await over.post(`${SECRETS}?action=list`, { limit: 10_000 });
    expect((page.body["keys"] as string[]).length).toBe(10_000);
  });

  it("uses the trace id of a well-formed traceparent", async () => {
    const id = "4bf92f3577b34da6a3ce929d0e0e4736";
    const send = async (traceparent: string) =>
      (await service.post(`${SECRETS}?action=list`, {}, { headers: { traceparent } })).headers.get("x-request-id");
    expect(await send(`00-${id}-00f067aa0ba902b7-01`)).toBe(id);
    expect(await send(`00-${"0".repeat(32)}-00f067aa0ba902b7-01`)).not.toMatch(/^0+$/);
    expect(await send(`00-${id}`)).not.toBe(id);
  });

  it("answers 500 and writes an audit line even if something other than an Error is thrown", async () => {
    const odd: Store = {
      load: async () => await Promise.reject("canary"),
      commit: async () => await Promise.reject(new Error("not reached")),
    };
    const broken = await testService(odd);
    const answer = await broken.post(`${SECRETS}?action=get`, { path: "a" });
    expect(answer).toMatchObject({ status: 500, body: { data: null, err: "api_internal_error" } });
    expect(answer.headers.get("server-timing")).toContain("1 round trip");
    expect(broken.audit).toMatchObject([{ action: "secret.get", outcome: "unknown", status: 500, roundTrips: 1 }]);
    expect(broken.log).toMatchObject([{ event: "request_failed", reason: "unknown" }]);
    expect(JSON.stringify([broken.log, answer.text])).not.toContain("canary");
  });

  it("discards an answer whose audit line cannot be written", async () => {
    const audit = (): never => {
      throw new Error("canary");
    };
    const unaudited = await testService(store, { platform: { audit } });
    for (const contentType of ["application/json", "application/octet-stream"]) {
      const answer = await unaudited.post("/v1/cipher/encrypt", "{}", { headers: { "content-type": contentType } });
      expect(answer).toMatchObject({ status: 500, text: '{"err":"api_internal_error"}' });
      expect(answer.headers.get("content-type")).toBe("application/json");
      expect(answer.headers.get("cache-control")).toBe("no-store, no-cache, must-revalidate, private");
    }
  });
});
