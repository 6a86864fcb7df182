import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Store } from "../src/store/store.ts";
import { fileDatabase } from "./harness/file-database.ts";
import { KEY_A, KEY_B, ringOf, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const POLICY = "/v1/acl/policy";
const ID = "^spiffe://spike\\.ist";

const STORES: readonly (readonly [string, () => Promise<{ readonly store: Store; close(): void }>])[] = [
  ["memory", async () => ({ store: memoryStore({ storeId: "s", now: Date.now }), close: () => undefined })],
  [
    "libSQL",
    async () => {
      const database = await fileDatabase();
      return { store: libsqlStore(database.execute), close: () => database.close() };
    },
  ],
];

describe.each(STORES)("policies (%s)", (_, open) => {
  let store: Store;
  let opened: { readonly store: Store; close(): void };
  let service: TestService;
  beforeEach(async () => {
    opened = await open();
    ({ store } = opened);
    service = await testService(store);
    for (const path of ["app/a", "app/b", "app/sub/c", "other/a"]) {
      expect((await service.post(SECRETS, { path, values: { of: path } })).status).toBe(200);
    }
  });
  afterEach(() => opened.close());

  let names = 0;
  const allow = async (spiffeidPattern: string, pathPattern: string, permissions: readonly string[], name?: string) => {
    names += 1;
    const policy = { name: name ?? `p${names}`, spiffeidPattern, pathPattern, permissions };
    const answer = await service.post(POLICY, policy);
    expect(answer.status, JSON.stringify(service.log)).toBe(200);
    return { ...answer, name: policy.name };
  };
  const revoke = async (name: string) => await service.post(`${POLICY}?action=delete`, { id: name });
  const get = (path: string) => [`${SECRETS}?action=get`, { path }] as const;

  describe("put, get, list and delete", () => {
    const policy = {
      name: "app readers",
      spiffeidPattern: `${ID}/app$`,
      pathPattern: "^app/",
      permissions: ["read", "list", "read"],
    };

    it("return SPIKE's responses, extended by id, version and revision", async () => {
      const put = await service.post(POLICY, policy);
      expect(put.body).toEqual({ id: policy.name, version: 5, revision: 5, warnings: [] });
      const got = await service.post(`${POLICY}?action=get`, { id: policy.name });
      expect(got.body).toEqual({
        id: policy.name,
        name: policy.name,
        spiffiedPattern: policy.spiffeidPattern,
        spiffeidPattern: policy.spiffeidPattern,
        pathPattern: policy.pathPattern,
        permissions: ["read", "list"],
        createdAt: expect.stringMatching(/^20\d\d-.*Z$/),
        updatedAt: got.body["createdAt"],
        version: 5,
        revision: 5,
      });
      const listed = await service.post(`${POLICY}?action=list`, {});
      expect(listed.body).toEqual({ policies: [{ id: policy.name, name: policy.name, version: 5 }], revision: 5 });
      expect((await revoke(policy.name)).body).toEqual({ version: 0, revision: 6 });
      expect((await service.post(`${POLICY}?action=list`, {})).body).toEqual({ policies: [], revision: 6 });
    });

    it("replace a policy of the same name and keep its creation time", async () => {
      await service.post(POLICY, policy);
      const before = await service.post(`${POLICY}?action=get`, { id: policy.name });
      await new Promise((go) => setTimeout(go, 5));
      const again = await service.post(POLICY, { ...policy, pathPattern: "^other/", permissions: ["super"] });
      expect(again.body).toMatchObject({ version: 6, revision: 6 });
      const after = await service.post(`${POLICY}?action=get`, { id: policy.name });
      expect(after.body).toMatchObject({ pathPattern: "^other/", permissions: ["super"], version: 6 });
      expect(after.body["createdAt"]).toBe(before.body["createdAt"]);
      expect(String(after.body["updatedAt"]) > String(before.body["updatedAt"])).toBe(true);
    });

    it("return 404 for an unknown name", async () => {
      for (const action of ["get", "delete"]) {
        expect((await service.post(`${POLICY}?action=${action}`, { id: "none" })).status, action).toBe(404);
      }
    });

    it("compare cas with the row version, and 0 with a missing policy", async () => {
      const put = async (cas: number) => await service.post(POLICY, { ...policy, cas });
      expect((await put(3)).body).toEqual({ err: "version_conflict" });
      expect((await put(0)).body).toMatchObject({ version: 5 });
      expect((await put(0)).status).toBe(409);
      expect((await put(5)).body).toMatchObject({ version: 6 });
      const remove = async (cas: number) => await service.post(`${POLICY}?action=delete`, { id: policy.name, cas });
      expect((await remove(5)).status).toBe(409);
      expect((await remove(0)).status).toBe(409);
      expect((await remove(6)).body).toEqual({ version: 0, revision: 7 });
      expect((await remove(6)).status).toBe(404);
      expect((await put(0)).body).toMatchObject({ version: 8 });
      expect((await put(-1)).status).toBe(400);
    });

    it("happen once per Idempotency-Key", async () => {
      const headers = { "Idempotency-Key": "k" };
      const first = await service.post(POLICY, policy, { headers });
      expect((await service.post(POLICY, policy, { headers })).body).toEqual(first.body);
      expect((await service.post(POLICY, { ...policy, permissions: ["write"] }, { headers })).status).toBe(422);
      expect((await service.post(SECRETS, { path: "app/a", values: {} }, { headers })).status).toBe(422);
      const removal = { "Idempotency-Key": "r" };
      const gone = await service.post(`${POLICY}?action=delete`, { id: policy.name }, { headers: removal });
      expect((await service.post(`${POLICY}?action=delete`, { id: policy.name }, { headers: removal })).body).toEqual(
        gone.body,
      );
      expect((await store.load({}, new AbortController().signal)).store.revision).toBe(6);
    });

    it("return 422 for an Idempotency-Key that deleted another policy", async () => {
      const headers = { "Idempotency-Key": "removal" };
      for (const name of ["first", "second"]) {
        const wanted = { name, spiffeidPattern: "^spiffe://d/a$", pathPattern: "^a/", permissions: ["read"] };
        expect((await service.post(POLICY, wanted)).status).toBe(200);
      }
      const remove = async (body: object) => (await service.post(`${POLICY}?action=delete`, body, { headers })).status;
      expect(await remove({ id: "first" })).toBe(200);
      expect(await remove({ id: "first" })).toBe(200);
      expect(await remove({ id: "second" })).toBe(422);
      expect(await remove({ id: "first", cas: 1 })).toBe(422);
      expect((await service.post(`${POLICY}?action=get`, { id: "second" })).status).toBe(200);
    });

    it("list by exact pattern, the SPIFFE ID pattern taking precedence, and in pages", async () => {
      await allow(`${ID}/a$`, "^app/", ["read"], "one");
      await allow(`${ID}/b$`, "^app/", ["read"], "two");
      await allow(`${ID}/a$`, "^other/", ["read"], "three");
      const list = async (body: object) => {
        const answer = await service.post(`${POLICY}?action=list`, body);
        const listed = answer.body["policies"] as readonly { name: string }[];
        return [...listed.map(({ name }) => name), ...(answer.body["next"] === undefined ? [] : [answer.body["next"]])];
      };
      expect(await list({})).toEqual(["one", "three", "two"]);
      expect(await list({ pathPattern: "^app/" })).toEqual(["one", "two"]);
      expect(await list({ spiffeidPattern: `${ID}/a$`, pathPattern: "^none/" })).toEqual(["one", "three"]);
      expect(await list({ pathPattern: "app" })).toEqual([]);
      expect(await list({ limit: 2 })).toEqual(["one", "three", "three"]);
      expect(await list({ limit: 2, after: "three" })).toEqual(["two"]);
      for (const bad of [{ limit: -1 }, { limit: 10_001 }, { after: "ä" }]) {
        expect((await service.post(`${POLICY}?action=list`, bad)).status).toBe(400);
      }
    });

    it("warn about patterns that may grant more than intended", async () => {
      const warnings = async (spiffeidPattern: string, pathPattern: string) =>
        (await allow(spiffeidPattern, pathPattern, ["read"])).body["warnings"];
      expect(await warnings(`${ID}/app$`, "^app/")).toEqual([]);
      expect(await warnings("spiffe://spike\\.ist/app$", "^app/")).toEqual([expect.stringContaining("^")]);
      expect(await warnings(`${ID}/app`, "^app/")).toEqual([expect.stringContaining("$")]);
      expect(await warnings("^spiffe://spike.ist/app$", "^app/")).toEqual([expect.stringContaining("\\.")]);
      expect(await warnings(`${ID}/app$`, "app/")).toEqual([expect.stringContaining("^")]);
    });
  });

  it.each<readonly [string, object, RegExp]>([
    ["a name outside the alphabet", { name: "a.b" }, /name/],
    ["a name that is too long", { name: "x".repeat(251) }, /name/],
    ["an empty name", { name: "" }, /name/],
    ["an empty SPIFFE ID pattern", { spiffeidPattern: "" }, /spiffeidPattern is required/],
    ["a SPIFFE ID pattern that does not begin with spiffe://", { spiffeidPattern: ".*" }, /spiffe:\/\//],
    ["a SPIFFE ID pattern with an empty path", { spiffeidPattern: "spiffe://example.org/" }, /spiffe:\/\//],
    ["a path pattern with a space", { pathPattern: "a b" }, /letters/],
    ["a path pattern that is too long (G01)", { pathPattern: "a".repeat(501) }, /500/],
    ["a SPIFFE ID pattern that is too long (G01)", { spiffeidPattern: `^spiffe://d/${"a".repeat(2048)}$` }, /2048/],
    ["a repeat that is too large (G01)", { pathPattern: "^a{101}" }, /100/],
    ["a program that is too large (G01)", { pathPattern: "(((a{9}){9}){9}){9}" }, /instructions/],
    ["an unclosed group", { pathPattern: "^(a" }, /pathPattern is refused/],
    ["look-ahead, which RE2 does not have (G04)", { pathPattern: "(?=a)" }, /letters/],
    ["a back-reference, which RE2 does not have (G04)", { pathPattern: "(a)\\1" }, /pathPattern is refused/],
    ["no permissions", { permissions: [] }, /permissions/],
    ["an unknown permission", { permissions: ["read", "admin"] }, /permissions/],
    ["a permission in capitals", { permissions: ["Read"] }, /permissions/],
    [
      "a path pattern that matches only a part of a reserved path (3.4)",
      { pathPattern: "acl", permissions: ["read"] },
      /spike\/system\/acl/,
    ],
    [
      "a reserved path with an unanchored SPIFFE ID pattern (3.4)",
      { pathPattern: "^spike/system/acl$", spiffeidPattern: "spiffe://d/a" },
      /reaches/,
    ],
    [
      "a path pattern that matches one reserved path as a whole and a part of another (3.4)",
      { pathPattern: "^spike/system/acl$|secret" },
      /system\/secret/,
    ],
  ])("are refused with 400: %s", async (_case, change, reason) => {
    const good = { name: "p", spiffeidPattern: `${ID}/a$`, pathPattern: "^a/", permissions: ["read"] };
    const answer = await service.post(POLICY, { ...good, ...change });
    const { member, rule } = answer.body["reason"] as { member: string; rule: string };
    expect([answer.status, answer.body["err"], member in good]).toEqual([400, "api_bad_request", true]);
    expect(`${member} ${rule}`).toMatch(reason);
    expect(service.audit.at(-1)?.reason).toBe(`${member} ${rule}`);
    const nobody = await service.as("/nobody");
    expect((await nobody(POLICY, { ...good, ...change })).status, "without permission: 401 instead of the reason").toBe(
      401,
    );
    expect((await service.post(`${POLICY}?action=list`, {})).body["policies"]).toEqual([]);
  });

  describe("permit a workload", () => {
    it("exactly the operations and paths that they grant", async () => {
      await allow(`${ID}/app$`, "^app/", ["read"]);
      const app = await service.as("/app");
      expect((await app(...get("app/a"))).body).toEqual({ data: { of: "app/a" } });
      expect((await app(`${SECRETS}/metadata?action=get`, { path: "app/a" })).status).toBe(200);
      expect((await app(...get("app/none"))).status, "missing secret on a permitted path").toBe(404);
      expect((await app(...get("other/a"))).status, "other path").toBe(401);
      expect((await app(...get("x/app/a"))).status, "the pattern is anchored").toBe(401);
      for (const action of ["", "?action=delete", "?action=undelete"]) {
        const body = { path: "app/a", values: { v: "1" } };
        expect((await app(`${SECRETS}${action}`, body)).status, `write: ${action}`).toBe(401);
      }
      expect((await (await service.as("/app2"))(...get("app/a"))).status, "similar SPIFFE ID").toBe(401);
      expect((await (await service.as("/app/x"))(...get("app/a"))).status, "SPIFFE ID below").toBe(401);
    });

    it("to put, delete and undelete with `write`, but not to read", async () => {
      await allow(`${ID}/app$`, "^app/a$", ["write"]);
      const app = await service.as("/app");
      expect((await app(SECRETS, { path: "app/a", values: { v: "2" } })).body).toMatchObject({ version: 2 });
      expect((await app(`${SECRETS}?action=delete`, { path: "app/a" })).body).toMatchObject({ version: 1 });
      expect((await app(`${SECRETS}?action=undelete`, { path: "app/a" })).body).toMatchObject({ version: 2 });
      expect((await app(...get("app/a"))).status).toBe(401);
      expect((await app(SECRETS, { path: "app/b", values: {} })).status).toBe(401);
    });

    it("everything on a path with `super`, including policies on spike/system/acl", async () => {
      await allow(`${ID}/boss$`, "^app/", ["super"]);
      await allow(`${ID}/acl$`, "^spike/system/acl$", ["super"]);
      const [boss, acl] = [await service.as("/boss"), await service.as("/acl")];
      expect((await boss(SECRETS, { path: "app/a", values: {} })).status).toBe(200);
      expect((await boss(...get("app/a"))).status).toBe(200);
      expect((await boss(`${POLICY}?action=list`, {})).status).toBe(401);
      const policy = { name: "mine", spiffeidPattern: `${ID}/x$`, pathPattern: "^x/", permissions: ["read"] };
      expect((await acl(POLICY, policy)).status).toBe(200);
      expect((await acl(`${POLICY}?action=get`, { id: "mine" })).status).toBe(200);
      expect((await acl(`${POLICY}?action=list`, {})).status).toBe(200);
      expect((await acl(`${POLICY}?action=delete`, { id: "mine" })).status).toBe(200);
      expect((await acl(...get("app/a"))).status).toBe(401);
    });

    it("to manage policies, each operation by its own permission", async () => {
      await allow(`${ID}/r$`, "^spike/system/acl$", ["read"]);
      await allow(`${ID}/w$`, "^spike/system/acl$", ["write"]);
      await allow(`${ID}/l$`, "^spike/system/acl$", ["list"]);
      const policy = { name: "new", spiffeidPattern: `${ID}/x$`, pathPattern: "^x/", permissions: ["read"] };
      const statuses = async (path: string) => {
        const send = await service.as(path);
        const answers = [
          await send(POLICY, policy),
          await send(`${POLICY}?action=get`, { id: "new" }),
          await send(`${POLICY}?action=list`, {}),
          await send(`${POLICY}?action=delete`, { id: "new" }),
        ];
        return answers.map(({ status }) => status);
      };
      expect(await statuses("/w")).toEqual([200, 401, 401, 200]);
      await service.post(POLICY, policy);
      expect(await statuses("/r")).toEqual([401, 200, 401, 401]);
      expect(await statuses("/l")).toEqual([401, 401, 200, 401]);
    });

    it("only if a single policy matches caller, path and permission", async () => {
      await allow(`${ID}/app$`, "^other/", ["read"]);
      await allow(`${ID}/x$`, "^app/", ["read"]);
      expect((await (await service.as("/app"))(...get("app/a"))).status).toBe(401);
    });

    it("by unanchored patterns, which match anywhere in the text as in SPIKE", async () => {
      await allow("spiffe://spike.ist/app", "pp/a", ["read"]);
      for (const path of ["/app", "/app-attacker", "/app/x"]) {
        expect((await (await service.as(path))(...get("app/a"))).status, path).toBe(200);
      }
      expect((await (await service.as("/x/app"))(...get("app/a"))).status).toBe(401);
    });

    it("with another role as an ordinary workload, and nothing to a lite workload", async () => {
      await allow("^spiffe://spike\\.ist/.*$", ".*", ["super"]);
      for (const path of [
        "/spike/pilot/role/recover",
        "/spike/pilot/role/restore",
        "/spike/nexus",
        "/spike/bootstrap",
      ]) {
        expect((await (await service.as(path))(...get("app/a"))).status, path).toBe(200);
        expect((await (await service.as(path))("/v1/audit?action=list", {})).status, path).toBe(401);
      }
      const lite = await service.as("/spike/workload/role/lite");
      for (const [target, body] of [
        get("app/a"),
        [`${SECRETS}?action=list`, {}],
        [`${POLICY}?action=list`, {}],
      ] as const) {
        expect((await lite(target, body)).status, target).toBe(401);
      }
    });

    it("nothing more from the next request on, after they are deleted or replaced", async () => {
      const { name } = await allow(`${ID}/app$`, "^app/", ["read", "write"]);
      const app = await service.as("/app");
      const both = async () => [
        (await app(...get("app/a"))).status,
        (await app(SECRETS, { path: "app/a", values: {} })).status,
      ];
      expect(await both()).toEqual([200, 200]);
      await allow(`${ID}/app$`, "^app/", ["read"], name);
      expect(await both()).toEqual([200, 401]);
      const epoch = async () => (await store.load({}, new AbortController().signal)).store.epoch;
      const before = await epoch();
      expect((await revoke(name)).status).toBe(200);
      expect(await both()).toEqual([401, 401]);
      expect(await epoch(), "writes that were decided before must lose").toBe(before + 1);
    });

    it("without permission to learn nothing about an invalid Idempotency-Key", async () => {
      const headers = { "Idempotency-Key": "a b" };
      const nobody = await service.as("/nobody");
      expect((await nobody(SECRETS, { path: "app/a", values: {} }, headers)).status).toBe(401);
      expect((await service.post(SECRETS, { path: "app/a", values: {} }, { headers })).status).toBe(400);
    });

    it("to repeat a write by its Idempotency-Key only while it may write", async () => {
      const { name } = await allow(`${ID}/app$`, "^app/", ["write"]);
      const app = await service.as("/app");
      const write = async () => await app(SECRETS, { path: "app/a", values: {} }, { "Idempotency-Key": "k" });
      expect([(await write()).status, (await write()).status]).toEqual([200, 200]);
      await revoke(name);
      expect((await write()).status).toBe(401);
    });
  });

  describe("limit a list of secrets", () => {
    const list = async (path: string, body: object = {}) => {
      const answer = await (await service.as(path))(`${SECRETS}?action=list`, body);
      return answer.status === 200 ? answer.body["keys"] : answer.status;
    };

    it("to exactly the granted paths", async () => {
      await allow(`${ID}/app$`, "^app/sub/", ["list"]);
      await allow(`${ID}/app$`, "^other/", ["super"]);
      await allow(`${ID}/app$`, "^app/a$", ["read"]);
      expect(await list("/app")).toEqual(["app/sub/c", "other/a"]);
      expect(await list("/app", { prefix: "app/" })).toEqual(["app/sub/c"]);
      expect(await list("/app", { after: "app/sub/c" })).toEqual(["other/a"]);
      expect(await list("/app", { limit: 1 })).toEqual(["app/sub/c"]);
      expect(await list("/app", { prefix: "none" })).toEqual([]);
      expect(await list("/nobody")).toBe(401);
      expect(await list("/nobody", { limit: -1 })).toBe(401);
      expect(await list("/app", { limit: -1 }), "a permitted caller learns the fault").toBe(400);
    });

    it("to nothing, with 401, if the caller has only other permissions", async () => {
      await allow(`${ID}/app$`, "^app/", ["read", "write", "execute"]);
      expect(await list("/app")).toBe(401);
    });

    it("not for a caller who may list everything", async () => {
      await allow(`${ID}/all$`, "^spike/system/secret$", ["list"]);
      expect(await list("/all")).toEqual(["app/a", "app/b", "app/sub/c", "other/a"]);
      await allow(`${ID}/any$`, ".*", ["list"]);
      expect(await list("/any")).toHaveLength(4);
    });

    it("to paths that are not reserved, unless the policy qualifies for them", async () => {
      await service.post(SECRETS, { path: "spike/system/acl", values: {} });
      await allow(`${ID}/app$`, "^spike/other|^app/a$", ["list"]);
      expect(await list("/app")).toEqual(["app/a"]);
    });
  });
});

describe("policies under two keys of a ring", () => {
  it("grant the same, whichever key is primary", async () => {
    const store = memoryStore({ storeId: "s", now: Date.now });
    const first = await testService(store, { ring: await ringOf(KEY_A, KEY_B) });
    const second = await testService(store, { ring: await ringOf(KEY_B, KEY_A) });
    await first.post(SECRETS, { path: "app/a", values: {} });
    const policy = (name: string) => ({
      name,
      spiffeidPattern: `${ID}/${name}$`,
      pathPattern: "^app/",
      permissions: ["read"],
    });
    expect((await first.post(POLICY, policy("one"))).status).toBe(200);
    expect((await second.post(POLICY, policy("two"))).status).toBe(200);
    for (const service of [first, second]) {
      for (const name of ["one", "two"])
        expect(
          (await (await service.as(`/${name}`))(...([`${SECRETS}?action=get`, { path: "app/a" }] as const))).status,
        ).toBe(200);
    }
  });
});
