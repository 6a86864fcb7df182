import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { auditWalk } from "../src/audit/audit-walk.ts";
import { POLICIES } from "../src/policy/policies.ts";
import type { PolicyRules } from "../src/policy/policy.ts";
import { remoteExecute } from "../src/store/libsql/remote-execute.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { AnySnapshot, Store } from "../src/store/store.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { httpDatabase } from "./harness/http-database.ts";
import { storeManyPolicies } from "./harness/many-policies.ts";
import { replacingRules } from "./harness/replacing-rules.ts";
import { KEY_A, ringOf, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const POLICY = "/v1/acl/policy";
const ID = "^spiffe://spike\\.ist";
const allow = (name: string, pathPattern: string) => ({
  name,
  spiffeidPattern: `${ID}/w$`,
  pathPattern,
  permissions: ["list"],
});

describe("a stored policy that a put would refuse", () => {
  const good = { name: "p", spiffeidPattern: `${ID}/w$`, pathPattern: "^app/", permissions: ["read"] };

  it.each<readonly [string, PolicyRules]>([
    ["it matches a part of the path", { spiffeIdPattern: `${ID}/w$`, pathPattern: "acl", permissions: ["super"] }],
    [
      "its SPIFFE ID pattern is unanchored",
      { spiffeIdPattern: "spiffe://spike\\.ist/w", pathPattern: "^spike/system/acl$", permissions: ["super"] },
    ],
  ])("grants nothing on policies: %s (3.4)", async (_, rules) => {
    const service = await testService(replacingRules(memoryStore({ storeId: "s", now: Date.now }), { rules }));
    expect((await service.post(POLICY, good)).status).toBe(200);
    const workload = await service.as("/w");
    expect((await workload(`${POLICY}?action=list`, {})).status).toBe(401);
    expect((await workload(POLICY, { ...good, name: "mine", permissions: ["super"] })).status).toBe(401);
    // On paths that are not reserved, it is an ordinary policy.
    const path = rules.pathPattern === "acl" ? "x/acl/y" : "spike/system/acl/x";
    await service.post(SECRETS, { path, values: {} });
    const expected = rules.pathPattern === "acl" ? 200 : 401;
    expect((await workload(`${SECRETS}?action=get`, { path })).status).toBe(expected);
  });
});

describe("many policies with the same pair of tags", () => {
  it("are limited to 1000 candidates: with more, a caller to whom they grant nothing gets 500, and the log says why", async () => {
    const database = await httpDatabase();
    const store = libsqlStore(remoteExecute({ url: database.url }, fetch));
    const service = await testService(store);
    await service.post(SECRETS, { path: "prod/db-3", values: {} });
    const { createClient } = await import("@libsql/client");
    const client = createClient({ url: database.url });
    // Not patterns of one text each: those would have different tags.
    const patternsOf = (n: number) => ({ spiffeIdPattern: `${ID}/(w)-${n}[0]?$`, pathPattern: `^prod/db-${n}[0]?$` });
    const ring = await ringOf(KEY_A);
    await storeManyPolicies({ client, ring }, { count: 1000, patternsOf });
    const read = async (as: string) =>
      (await (await service.as(as))(`${SECRETS}?action=get`, { path: "prod/db-3" })).status;
    expect([await read("/w-3"), await read("/w-4"), await read("/other")]).toEqual([200, 401, 401]);
    await storeManyPolicies({ client, ring }, { count: 1, patternsOf: () => patternsOf(5000), name: "more" });
    client.close();
    service.log.length = 0;
    expect([await read("/w-3"), await read("/other")]).toEqual([200, 500]);
    expect(service.log).toMatchObject([{ level: "error", reason: "too_many_policies" }]);
    await database.close();
  });
});

describe("a scoped list", () => {
  let database: FileDatabase;
  beforeEach(async () => {
    database = await fileDatabase();
  });
  afterEach(() => database.close());

  it("contains each path once, however many policies grant it", async () => {
    const service = await testService(libsqlStore(database.execute));
    for (const path of ["app/a", "app/sub/b", "appx/c"]) await service.post(SECRETS, { path, values: {} });
    for (const [name, pattern] of [
      ["one", "^app/"],
      ["two", "^app/sub/"],
      ["three", "^app/sub/b$"],
    ] as const) {
      await service.post(POLICY, allow(name, pattern));
    }
    const { body } = await (await service.as("/w"))(`${SECRETS}?action=list`, {});
    expect(body).toEqual({ keys: ["app/a", "app/sub/b"] });
  });

  it("does not use a deleted policy that was put back into the database", async () => {
    const service = await testService(libsqlStore(database.execute));
    await service.post(SECRETS, { path: "app/a", values: {} });
    await service.post(POLICY, allow("p", "^app/"));
    await database.client.execute("CREATE TABLE old AS SELECT * FROM policies");
    await service.post(`${POLICY}?action=delete`, { id: "p" });
    await database.client.execute("INSERT INTO policies SELECT * FROM old");
    expect((await (await service.as("/w"))(`${SECRETS}?action=list`, {})).status).toBe(401);
    expect(service.log).toMatchObject([{ event: "policy_ignored" }]);
  });

  it("is decided again if a policy changes between its two round trips", async () => {
    const inner = libsqlStore(database.execute);
    let between: (() => Promise<unknown>) | undefined;
    const service = await testService({
      commit: async (change, query, signal) => await inner.commit(change, query, signal),
      load: async (query, signal) => {
        if (query.paths?.within !== undefined) {
          const change = between;
          between = undefined;
          await change?.();
        }
        return await inner.load(query, signal);
      },
    });
    for (const path of ["app/a", "other/b"]) await service.post(SECRETS, { path, values: {} });
    await service.post(POLICY, allow("p", "^app/"));
    const list = async () => await (await service.as("/w"))(`${SECRETS}?action=list`, {});
    between = async () => await service.post(POLICY, allow("p", "^other/"));
    expect((await list()).body).toEqual({ keys: ["other/b"] });
    between = async () => await service.post(`${POLICY}?action=delete`, { id: "p" });
    expect((await list()).status).toBe(401);
  });
});

describe("a scoped list of many paths", () => {
  it("observes its deadline during matching", async () => {
    const inner = memoryStore({ storeId: "s", now: Date.now });
    const paths = Array.from({ length: 40_000 }, (_, n) => `app/${String(n).padStart(6, "0")}`);
    const store: Store = {
      commit: async (change, query, signal) => await inner.commit(change, query, signal),
      load: async (query, signal) => {
        const snapshot = await inner.load(query, signal);
        if (query.paths?.within === undefined) return snapshot;
        const rows = paths.filter((path) => path > (query.paths?.after ?? "")).slice(0, query.paths.limit);
        return { ...snapshot, paths: { rows, more: rows.at(-1) !== paths.at(-1), changed: false } };
      },
    };
    const patient = await testService(store);
    expect((await patient.post(POLICY, allow("p", "^app/"))).status).toBe(200);
    // As if each thousand took longer than the timeout of the request.
    let pauses = 0;
    const sleep = async (_ms: number, signal: AbortSignal) => {
      pauses += 1;
      await new Promise((go) => setTimeout(go, 400));
      signal.throwIfAborted();
    };
    const service = await testService(store, { requestTimeoutMs: 200, platform: { sleep } });
    const { status } = await (await service.as("/w"))(`${SECRETS}?action=list`, {});
    expect([status, pauses]).toEqual([503, 1]);
    expect((await (await patient.as("/w"))(`${SECRETS}?action=list`, { limit: 3 })).body).toEqual({
      keys: paths.slice(0, 3),
    });
  });
});

describe("a store that returns other rows than requested", () => {
  const substituting = (substitute: (snapshot: AnySnapshot) => Partial<AnySnapshot>) => {
    const inner = memoryStore({ storeId: "s", now: Date.now });
    const state = { active: false };
    const store: Store = {
      commit: async (change, query, signal) => await inner.commit(change, query, signal),
      load: async (query, signal) => {
        const snapshot = await inner.load(query, signal);
        return state.active ? Object.assign(snapshot, substitute(snapshot)) : snapshot;
      },
    };
    return { store, inner, state };
  };

  it("is refused if it returns the policy of another name", async () => {
    const other: { policy?: AnySnapshot["policy"] } = {};
    const { store, inner, state } = substituting(() => other);
    const service = await testService(store);
    for (const name of ["one", "two"]) {
      await service.post(POLICY, { name, spiffeidPattern: `${ID}/w$`, pathPattern: "^app/", permissions: ["read"] });
    }
    other.policy = (await inner.load(POLICIES.query("two"), new AbortController().signal)).policy;
    state.active = true;
    expect((await service.post(`${POLICY}?action=get`, { id: "one" })).status).toBe(500);
    expect((await service.post(`${POLICY}?action=delete`, { id: "one" })).status).toBe(500);
  });

  it("is found by the audit check if it returns different entries at one revision", async () => {
    const service = await testService(memoryStore({ storeId: "s", now: Date.now }));
    expect((await service.post("/v1/audit?action=verify", {})).status).toBe(200);
    const inner = memoryStore({ storeId: "s", now: Date.now });
    const writer = await testService(inner);
    for (const path of ["a", "b"]) await writer.post(SECRETS, { path, values: {} });
    const snapshot = await inner.load({ audit: { after: 0, limit: 9 } }, new AbortController().signal);
    const [first, second] = snapshot.audit.rows;
    const walk = auditWalk(await ringOf(KEY_A), 0);
    expect(await walk.check(snapshot, first!)).toEqual([]);
    expect(await walk.addContext(snapshot, first!)).toEqual([]);
    expect(await walk.addContext(snapshot, { ...second!, revision: 1 })).toMatchObject([
      { kind: "not_authentic", revision: 1 },
    ]);
  });
});

describe("a caller without a policy", () => {
  it("learns nothing about secrets, and the database returns no value for its requests", async () => {
    const database = await httpDatabase();
    const sizes: number[] = [];
    const measuring = async (request: Request, init: RequestInit) => {
      const response = await fetch(request, init);
      sizes.push((await response.clone().text()).length);
      return response;
    };
    const service = await testService(libsqlStore(remoteExecute({ url: database.url }, measuring)));
    await service.post(SECRETS, { path: "large", values: { v: "x".repeat(900_000) } });
    for (let n = 0; n < 30; n += 1)
      await service.post(POLICY, {
        name: `p${n}`,
        spiffeidPattern: `${ID}/x$`,
        pathPattern: "^x/",
        permissions: ["read"],
      });
    const nobody = await service.as("/nobody");
    const costOf = async (target: string, body: object) => {
      sizes.length = 0;
      expect((await nobody(target, body)).status).toBe(401);
      expect(sizes).toHaveLength(1);
      return sizes[0]!;
    };
    const missing = await costOf(`${SECRETS}?action=get`, { path: "gone" });
    expect(Math.abs((await costOf(`${SECRETS}?action=get`, { path: "large" })) - missing)).toBeLessThan(20);
    expect(await costOf(`${SECRETS}?action=list`, {})).toBeLessThan(8000);
    expect(await costOf(`${POLICY}?action=list`, {})).toBeLessThan(8000);
    await database.close();
  });
});
