import { createClient } from "@libsql/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { remoteExecute } from "../src/store/libsql/remote-execute.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { type HttpDatabase, httpDatabase } from "./harness/http-database.ts";
import { storeManyPolicies } from "./harness/many-policies.ts";
import { KEY_A, ringOf, type TestService, testService } from "./harness/service.ts";

/** A read is one database request, an uncontended write two, whatever the store contains. */
describe("the number of database requests for", () => {
  let database: HttpDatabase;
  let service: TestService;
  const sent: string[] = [];
  beforeAll(async () => {
    database = await httpDatabase();
    const counting = async (request: Request, init: RequestInit) => {
      sent.push(new URL(request.url).pathname);
      return await fetch(request, init);
    };
    service = await testService(libsqlStore(remoteExecute({ url: database.url }, counting)), { keptVersions: 200 });
    for (let n = 0; n < 120; n += 1) await post("", { path: "many", values: { n: String(n) } });
  });
  afterAll(async () => await database.close());

  const post = async (target: string, body: object, headers: Record<string, string> = {}) => {
    sent.length = 0;
    const { status } = await service.post(`/v1/store/secrets${target}`, body, { headers });
    return { status, sent: [...sent] };
  };
  const ONE = ["/v2/pipeline"];
  const TWO = [...ONE, ...ONE];

  it.each([
    ["get", "?action=get", { path: "many" }, 200],
    ["get by number", "?action=get", { path: "many", version: 7 }, 200],
    ["get of an unknown path", "?action=get", { path: "none" }, 404],
    ["metadata", "/metadata?action=get", { path: "many" }, 200],
    ["list", "?action=list", {}, 200],
    ["a delete of an unknown path", "?action=delete", { path: "none" }, 404],
    ["a put with a wrong cas", "", { path: "many", values: {}, cas: 1 }, 409],
  ])("%s is 1", async (_, target, body, status) => {
    expect(await post(target, body)).toEqual({ status, sent: ONE });
  });

  it.each([
    ["a first put", "", { path: "new", values: { k: "v" } }],
    ["a put", "", { path: "many", values: { k: "v" } }],
    ["a put with cas", "", { path: "many", values: { k: "v" }, cas: 121 }],
    ["a delete", "?action=delete", { path: "many", versions: [1, 2, 3] }],
    ["an undelete", "?action=undelete", { path: "many", versions: [2, 3] }],
    ["a delete that changes nothing", "?action=delete", { path: "many", versions: [999] }],
  ])("%s is 2", async (_, target, body) => {
    expect(await post(target, body)).toEqual({ status: 200, sent: TWO });
  });

  it("a repeated Idempotency-Key is 1", async () => {
    const body = { path: "again", values: {} };
    expect((await post("", body, { "Idempotency-Key": "k" })).sent).toEqual(TWO);
    expect(await post("", body, { "Idempotency-Key": "k" })).toEqual({ status: 200, sent: ONE });
  });

  it("a caller without identity, a lite workload or an invalid request is 0", async () => {
    expect((await post("?action=get", { path: "many" }, { authorization: "" })).sent).toEqual([]);
    const lite = `Bearer ${await service.domain.token("/spike/workload/role/lite")}`;
    expect((await post("?action=get", { path: "many" }, { authorization: lite })).sent).toEqual([]);
    expect((await post("?action=get", { path: "a b" })).sent).toEqual([]);
    expect((await post("?action=nothing", {})).sent).toEqual([]);
  });
});

/** Which server each request goes to. The replica here is the primary under another name, so it never lags. */
describe.each([false, true])(
  "with a replica that serves reads: %s, the near and far database requests for",
  (reads) => {
    let database: HttpDatabase;
    let service: TestService;
    const sent: ("near" | "far")[] = [];
    beforeAll(async () => {
      database = await httpDatabase();
      const counted = (place: "near" | "far") =>
        remoteExecute({ url: database.url, forwardsReads: place === "far" }, async (request, init) => {
          sent.push(place);
          return await fetch(request, init);
        });
      const store = libsqlStore(counted("far"), counted("near"));
      const { storeId } = (await store.load({}, new AbortController().signal)).store;
      service = await testService(store, { replicaReads: reads ? { maxStalenessMs: 60_000, storeId } : undefined });
      await service.post("/v1/store/secrets", { path: "a", values: { k: "v" } });
    });
    afterAll(async () => await database.close());

    const READ = reads ? (["near"] as const) : (["far"] as const);
    const REFUSED = reads ? (["near", "far"] as const) : (["far"] as const);
    const SECRETS = "/v1/store/secrets";
    it.each<readonly [string, readonly string[], string, object, number]>([
      ["get", READ, `${SECRETS}?action=get`, { path: "a" }, 200],
      ["metadata", READ, `${SECRETS}/metadata?action=get`, { path: "a" }, 200],
      ["list", READ, `${SECRETS}?action=list`, {}, 200],
      ["list of policies", READ, "/v1/acl/policy?action=list", {}, 200],
      ["get of an unknown path", REFUSED, `${SECRETS}?action=get`, { path: "none" }, 404],
      ["put", ["near", "far"], SECRETS, { path: "a", values: {} }, 200],
      ["a first put", ["near", "far"], SECRETS, { path: "b", values: {} }, 200],
      ["delete", ["near", "far"], `${SECRETS}?action=delete`, { path: "a" }, 200],
      ["a put with a wrong cas", ["near", "far"], SECRETS, { path: "a", values: {}, cas: 9 }, 409],
      ["list of the audit log", ["far"], "/v1/audit?action=list", {}, 200],
      ["status of keys", ["far"], "/v1/operator/status", {}, 200],
    ])("%s are %j", async (...[, places, target, body, status]) => {
      sent.length = 0;
      expect((await service.post(target, body)).status).toBe(status);
      expect(sent).toEqual(places);
      const timing = sent.includes("near") ? service.audit.at(-1)?.roundTrips : sent.length;
      expect(timing).toBe(places.length);
    });
  },
);

/** The caller is a workload that one policy allows, with and without many other policies. */
describe.each([0, 10_000])("with %i other policies, the number of database requests of a workload for", (count) => {
  let database: HttpDatabase;
  let service: TestService;
  const sent: string[] = [];
  let asWorkload: Awaited<ReturnType<TestService["as"]>>;
  beforeAll(async () => {
    database = await httpDatabase();
    const counting = async (request: Request, init: RequestInit) => {
      sent.push(new URL(request.url).pathname);
      return await fetch(request, init);
    };
    service = await testService(libsqlStore(remoteExecute({ url: database.url }, counting)));
    asWorkload = await service.as("/ns/web/sa/front");
    const allow = async (name: string, pathPattern: string, permissions: readonly string[]) =>
      await service.post("/v1/acl/policy", {
        name,
        spiffeidPattern: "^spiffe://spike\\.ist/ns/web/sa/front$",
        pathPattern,
        permissions,
      });
    expect((await allow("mine", "^tenants/acme/", ["read", "write", "list"])).status).toBe(200);
    expect((await allow("acl", "^spike/system/acl$", ["read", "write", "list"])).status).toBe(200);
    await service.post("/v1/store/secrets", { path: "tenants/acme/db", values: { k: "v" } });
    if (count > 0) {
      const client = createClient({ url: database.url });
      // Half of the policies match the same workload and other paths, half match other workloads and the same path.
      const patternsOf = (n: number) =>
        n % 2 === 0
          ? { spiffeIdPattern: "^spiffe://spike\\.ist/ns/web/sa/front$", pathPattern: `^tenants/t${n}/` }
          : { spiffeIdPattern: `^spiffe://spike\\.ist/ns/n${n}/sa/x$`, pathPattern: "^tenants/acme/" };
      await storeManyPolicies({ client, ring: await ringOf(KEY_A) }, { count, patternsOf });
      client.close();
    }
  });
  afterAll(async () => await database.close());

  const SECRETS = "/v1/store/secrets";
  const POLICY = "/v1/acl/policy";
  const policy = { name: "new", spiffeidPattern: "^spiffe://d/x$", pathPattern: "^x/", permissions: ["read"] };
  it.each<readonly [string, number, string, object, number]>([
    ["get", 1, `${SECRETS}?action=get`, { path: "tenants/acme/db" }, 200],
    ["get without permission", 1, `${SECRETS}?action=get`, { path: "tenants/other/db" }, 401],
    ["metadata", 1, `${SECRETS}/metadata?action=get`, { path: "tenants/acme/db" }, 200],
    ["put", 2, SECRETS, { path: "tenants/acme/db", values: {} }, 200],
    ["put without permission", 1, SECRETS, { path: "tenants/other/db", values: {} }, 401],
    ["put with an invalid value name", 1, SECRETS, { path: "tenants/acme/db", values: { "a.b": "" } }, 400],
    ["delete", 2, `${SECRETS}?action=delete`, { path: "tenants/acme/db" }, 200],
    ["undelete", 2, `${SECRETS}?action=undelete`, { path: "tenants/acme/db" }, 200],
    ["a put of a policy", 2, POLICY, policy, 200],
    ["get of a policy", 1, `${POLICY}?action=get`, { id: "new" }, 200],
    ["list of the first hundred policies", 1, `${POLICY}?action=list`, { limit: 100 }, 200],
    ["a deletion of a policy", 2, `${POLICY}?action=delete`, { id: "new" }, 200],
    ["list of the audit log without permission", 0, "/v1/audit?action=list", {}, 401],
  ])("%s is %i", async (...[, trips, target, body, status]) => {
    sent.length = 0;
    expect((await asWorkload(target, body)).status).toBe(status);
    expect(sent).toHaveLength(trips);
    expect(service.audit.at(-1)).toMatchObject({ roundTrips: trips, status });
  });

  it("a list of its own paths is 2, or 1 and a 500 that names the cause if more than 1000 policies match the caller", async () => {
    sent.length = 0;
    service.log.length = 0;
    const { status, body } = await asWorkload(`${SECRETS}?action=list`, {});
    if (count === 0) {
      expect([status, body, sent.length]).toEqual([200, { keys: ["tenants/acme/db"] }, 2]);
    } else {
      expect([status, sent.length]).toEqual([500, 1]);
      expect(service.log).toMatchObject([{ reason: "too_many_policies" }]);
    }
    // A caller who may list everything needs one.
    sent.length = 0;
    expect((await service.post(`${SECRETS}?action=list`, {})).status).toBe(200);
    expect(sent).toHaveLength(1);
  });

  it("an audit verification finds no problem", async () => {
    let after: unknown = 0;
    for (let part = 0; after !== undefined; part += 1) {
      const { body } = await service.post("/v1/audit?action=verify", { after });
      expect(body["problems"]).toEqual([]);
      after = body["next"];
    }
  });
});
