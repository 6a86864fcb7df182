import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { countingStore } from "./harness/counting-store.ts";
import { damageableLibsqlStore, damageableMemoryStore, type DamageableStore } from "./harness/damageable-store.ts";
import { overtaken } from "./harness/overtaken-store.ts";
import { KEY_A, KEY_B, ringOf, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const REMOVE = `${SECRETS}?action=remove`;

describe.each<readonly [string, () => Promise<DamageableStore>]>([
  ["memory", async () => await Promise.resolve(damageableMemoryStore())],
  ["libSQL", damageableLibsqlStore],
])("removing a secret from the %s store", (_, open) => {
  let opened: DamageableStore;
  let service: TestService;
  beforeEach(async () => {
    opened = await open();
    service = await testService(opened.store);
    await put("1");
    await put("2");
  });
  afterEach(() => opened.close());

  const send = async (target: string, body: object = {}, key?: string) =>
    await service.post(
      target,
      { path: "a", ...body },
      { headers: key === undefined ? {} : { "Idempotency-Key": key } },
    );
  const put = async (v: string, body: object = {}, key?: string) =>
    await send(SECRETS, { values: { v }, ...body }, key);
  const get = async (version = 0) => await send(`${SECRETS}?action=get`, { version });
  const grant = async (permissions: readonly string[]) =>
    await service.post("/v1/acl/policy", {
      name: "workload",
      spiffeidPattern: "^spiffe://spike\\.ist/workload$",
      pathPattern: "^a$",
      permissions,
    });

  it("leaves no row of it, and its audit entries", async () => {
    await send(`${SECRETS}?action=delete`, { versions: [1] });
    expect((await send(REMOVE)).body).toEqual({ version: 0, revision: 4 });
    const { head, versions, entries } = await opened.read("a");
    expect([head, versions]).toEqual([undefined, []]);
    expect(entries.map(({ action }) => action)).toEqual(["put", "put", "delete", "remove"]);
    expect((await service.post(`${SECRETS}?action=list`, {})).body).toEqual({ keys: [] });
    expect((await service.post("/v1/audit?action=verify", {})).body).toMatchObject({ entries: 4, problems: [] });
    expect(service.audit.find(({ action }) => action === "secret.remove")).toMatchObject({
      resource: "secret:a",
      outcome: "ok",
      status: 200,
    });
  });

  it("leaves other secrets as they are", async () => {
    await service.post(SECRETS, { path: "a/b", values: { v: "other" } });
    await send(REMOVE);
    expect((await service.post(`${SECRETS}?action=get`, { path: "a/b" })).body).toEqual({ data: { v: "other" } });
  });

  it("takes two database requests, and one if there is nothing to remove", async () => {
    const store = countingStore(opened.store);
    const counted = await testService(store);
    store.trips = 0;
    expect((await counted.post(REMOVE, { path: "a" })).status).toBe(200);
    expect(store.trips).toBe(2);
    store.trips = 0;
    expect((await counted.post(REMOVE, { path: "a" })).status).toBe(404);
    expect(store.trips).toBe(1);
  });

  it("requires the permission super on the path", async () => {
    const asWorkload = await service.as("/workload");
    for (const permissions of [["write"], ["read", "write", "list", "execute"]]) {
      await grant(permissions);
      expect((await asWorkload(REMOVE, { path: "a" })).status, permissions.join()).toBe(401);
      expect((await asWorkload(REMOVE, { path: "none" })).status, permissions.join()).toBe(401);
    }
    expect((await get()).status).toBe(200);
    await grant(["super"]);
    expect((await asWorkload(REMOVE, { path: "a" })).status).toBe(200);
    expect((await asWorkload(REMOVE, { path: "a" })).status).toBe(404);
    expect((await asWorkload(REMOVE, { path: "b" })).status).toBe(401);
  });

  it.each([
    [{ versions: [1] }, "versions must be empty"],
    [{ versions: [0] }, "versions must be empty"],
    [{ version: 1 }, "version is not a member of this request"],
    [{ cas: -1 }, "cas must be at least 0"],
    [{ options: { cas: 2 } }, "options is not a member of this request: use cas"],
    [{ dryRun: true }, "dry_run is not possible"],
  ])("rejects %j, which removing everything would not fit", async (body, reason) => {
    const { status, body: answer } = await send(REMOVE, body);
    const { member, rule } = answer["reason"] as { member: string; rule: string };
    expect(status).toBe(400);
    expect(`${member} ${rule}`).toContain(reason);
    expect((await get()).status).toBe(200);
  });

  it("rejects a cas other than the highest number, and changes nothing", async () => {
    await send(`${SECRETS}?action=delete`, { versions: [2] });
    for (const cas of [0, 1, 3]) expect((await send(REMOVE, { cas })).body).toEqual({ err: "version_conflict" });
    expect((await get()).body).toEqual({ data: { v: "1" } });
    expect((await send(REMOVE, { cas: 2 })).status).toBe(200);
  });

  it("returns the first answer to a repeated Idempotency-Key, also after the path is used again", async () => {
    const first = await send(REMOVE, { cas: 2 }, "k");
    expect(first.status).toBe(200);
    expect((await send(REMOVE, { cas: 2 }, "k")).text).toBe(first.text);
    await put("3", { cas: 0 });
    expect((await send(REMOVE, { cas: 2 }, "k")).text).toBe(first.text);
    expect((await get()).body).toEqual({ data: { v: "3" } });
    expect((await send(REMOVE, {}, "k")).status).toBe(422);
    expect((await put("4", {}, "k")).status).toBe(422);
  });

  it("returns the answer of the removed secret to a repeated put of that time, which writes nothing", async () => {
    const first = await put("3", {}, "put");
    await send(REMOVE);
    expect((await put("3", {}, "put")).text).toBe(first.text);
    expect((await get()).status).toBe(404);
  });

  it("gives a new secret the next number and its own data key, so that no earlier cas or row fits it", async () => {
    const before = await opened.read("a");
    await send(REMOVE);
    for (const cas of [1, 2, 3]) expect((await put("x", { cas })).status).toBe(409);
    expect((await put("3", { cas: 0 })).body).toEqual({ version: 3, revision: 4 });
    expect((await put("4", { cas: 3 })).body).toEqual({ version: 4, revision: 5 });
    const after = await opened.read("a");
    expect(after.head?.born).not.toBe(before.head?.born);
    // The key has the same length and another content.
    expect(after.head?.wrappedKey).not.toEqual(before.head?.wrappedKey);
    expect([(await get(1)).status, (await get(2)).status, (await get(3)).status]).toEqual([404, 404, 200]);
    expect((await send(`${SECRETS}?action=delete`, { versions: [1, 3] })).body).toEqual({
      version: 4,
      revision: 6,
      warnings: ["These versions do not exist, so nothing was done about them: 1."],
    });
    const { metadata } = (await send(`${SECRETS}/metadata?action=get`)).body;
    expect(metadata).toMatchObject({ currentVersion: 4, oldestVersion: 4, maxVersions: 10 });
    expect((await send(REMOVE)).status).toBe(200);
    expect((await put("5")).body).toMatchObject({ version: 5 });
    // The rows of the first secret do not fit the second one.
    const now = await opened.read("a");
    await opened.write("a", { ...now, versions: [...before.versions, ...now.versions] });
    expect((await get(2)).status).toBe(500);
  });

  it("prunes the versions of a new secret by their number, not by its first number", async () => {
    const narrow = await testService(opened.store, { keptVersions: 2 });
    await send(REMOVE);
    for (const v of ["3", "4", "5"]) await narrow.post(SECRETS, { path: "a", values: { v } });
    const { versions } = (await send(`${SECRETS}/metadata?action=get`)).body;
    expect(Object.keys(versions as object)).toEqual(["4", "5"]);
  });

  it("keeps a removal under a retired root key, so that a rewrap has nothing to move", async () => {
    await send(REMOVE);
    const both = await testService(opened.store, { ring: await ringOf(KEY_B, KEY_A) });
    await both.post("/v1/operator/register", { keyId: "b" });
    expect((await both.post("/v1/operator/rewrap", {})).body).toMatchObject({ rewrapped: 0, failed: [] });
  });

  describe("at the same time as", () => {
    const SOFT_DELETE = `${SECRETS}?action=delete`;
    const UNDELETE = `${SECRETS}?action=undelete`;
    const VALUES = { values: { v: "new" } };
    it.each<readonly [string, readonly [string, object], readonly [string, object], number, number]>([
      ["a put, which creates a new secret", [SECRETS, VALUES], [REMOVE, {}], 200, 3],
      ["a put with cas, which conflicts", [SECRETS, { ...VALUES, cas: 2 }], [REMOVE, {}], 409, 0],
      ["a delete, which finds nothing", [SOFT_DELETE, { versions: [2] }], [REMOVE, {}], 404, 0],
      ["an undelete, which finds nothing", [UNDELETE, { versions: [1] }], [REMOVE, {}], 404, 0],
      ["another removal, which finds nothing", [REMOVE, {}], [REMOVE, {}], 404, 0],
      ["an earlier put, whose version it removes too", [REMOVE, {}], [SECRETS, VALUES], 200, 0],
      ["an earlier put, with a cas that no longer fits", [REMOVE, { cas: 2 }], [SECRETS, VALUES], 409, 3],
      ["an earlier delete", [REMOVE, { cas: 2 }], [SOFT_DELETE, { versions: [2] }], 200, 0],
    ])("%s", async (...[, slow, fast, status, current]) => {
      await send(SOFT_DELETE, { versions: [1] });
      const race = overtaken(opened.store);
      const other = await testService(race.store);
      race.by(async () => expect((await send(...fast)).status).toBe(200));
      const [target, body] = slow;
      expect((await other.post(target, { path: "a", ...body })).status).toBe(status);
      const metadata = await send(`${SECRETS}/metadata?action=get`);
      if (current === 0) expect(metadata.status).toBe(404);
      else expect(metadata.body).toMatchObject({ metadata: { currentVersion: current } });
      expect((await service.post("/v1/audit?action=verify", {})).body).toMatchObject({ problems: [] });
    });

    it("the revocation of its permission, which forbids it", async () => {
      await grant(["super"]);
      const race = overtaken(opened.store);
      const other = await (await testService(race.store)).as("/workload");
      race.by(async () => expect((await grant(["read"])).status).toBe(200));
      expect((await other(REMOVE, { path: "a" })).status).toBe(401);
      expect((await get()).status).toBe(200);
    });
  });
});
