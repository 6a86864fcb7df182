import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { slotOf } from "../src/commit/authority/slot.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { storeManyPolicies } from "./harness/many-policies.ts";
import { replacingRules } from "./harness/replacing-rules.ts";
import { KEY_A, KEY_B, ringOf, type TestService, testService } from "./harness/service.ts";

const POLICY = "/v1/acl/policy";
const SECRETS = "/v1/store/secrets";

/** An attacker with write access to the database reads no policy and creates none that grants anything. */
describe("an attacker with write access to the database, and policies", () => {
  let database: FileDatabase;
  let service: TestService;
  beforeEach(async () => {
    database = await fileDatabase();
    service = await testService(libsqlStore(database.execute));
    await service.post(SECRETS, { path: "app/a", values: { v: "1" } });
    await put("reader", "^spiffe://spike\\.ist/reader$", "^app/");
    await put("other", "^spiffe://spike\\.ist/other$", "^elsewhere/");
  });
  afterEach(() => database.close());

  const put = async (name: string, spiffeidPattern: string, pathPattern: string, permissions = ["read"]) => {
    const { status } = await service.post(POLICY, { name, spiffeidPattern, pathPattern, permissions });
    expect(status).toBe(200);
  };
  const remove = async (name: string) =>
    expect((await service.post(`${POLICY}?action=delete`, { id: name })).status).toBe(200);
  const sql = async (...statements: string[]) => {
    for (const statement of statements) await database.client.execute(statement);
  };
  const readAs = async (path: string) => {
    const send = await service.as(path);
    return (await send(`${SECRETS}?action=get`, { path: "app/a" })).status;
  };
  /** The policy grants nothing and is not listed. The log names it. */
  const expectIgnored = async (name: string, reason: string, path = "/reader") => {
    service.log.length = 0;
    expect(await readAs(path)).toBe(401);
    expect(service.log).toMatchObject([
      { level: "error", event: "policy_ignored", reason, detail: expect.stringContaining(`"${name}"`) },
    ]);
    const listed = (await service.post(`${POLICY}?action=list`, {})).body["policies"] as { name: string }[];
    expect(listed.map((policy) => policy.name)).not.toContain(name);
  };

  it("finds no pattern and no permission in a copy of the database file", async () => {
    await put("canary", "^spiffe://spike\\.ist/canaryworkload$", "^canarypath/x$", ["read", "super"]);
    const raw = Buffer.concat([...(await database.contents({ checkpointed: true })).values()]);
    expect(raw.includes("policy:canary")).toBe(true);
    for (const text of ["canaryworkload", "canarypath", "spiffe://spike\\.ist", "^app/", 'super"', "pathPattern"]) {
      for (const encoding of ["utf8", "utf16le", "base64", "hex"] as const) {
        const needle = Buffer.from(text).toString(encoding);
        expect(raw.includes(encoding === "base64" ? needle.replace(/=+$/, "").slice(0, -1) : needle), text).toBe(false);
      }
    }
  });

  it("restores a deleted policy: it grants nothing", async () => {
    expect(await readAs("/reader")).toBe(200);
    await sql("CREATE TABLE old AS SELECT * FROM policies WHERE name = 'reader'");
    await remove("reader");
    expect(await readAs("/reader")).toBe(401);
    await sql("INSERT INTO policies SELECT * FROM old");
    await expectIgnored("reader", "seal_inconsistent");
    await sql("UPDATE policies SET version = (SELECT max(revision) FROM audit WHERE resource = 'policy:reader')");
    await expectIgnored("reader", "seal_inconsistent");
  });

  it("restores a replaced policy: it grants nothing", async () => {
    await sql("CREATE TABLE old AS SELECT * FROM policies WHERE name = 'reader'");
    await put("reader", "^spiffe://spike\\.ist/reader$", "^nothing/");
    await sql("DELETE FROM policies WHERE name = 'reader'", "INSERT INTO policies SELECT * FROM old");
    await expectIgnored("reader", "seal_inconsistent");
    await sql("UPDATE policies SET version = (SELECT max(revision) FROM audit WHERE resource = 'policy:reader')");
    await expectIgnored("reader", "seal_inconsistent");
  });

  it.each<readonly [string, string, readonly string[]]>([
    ["renames it", "not_authentic", ["UPDATE policies SET name = 'x' WHERE name = 'reader'"]],
    [
      "gives it the name of another policy, which it replaces (K02)",
      "not_authentic",
      ["DELETE FROM policies WHERE name = 'other'", "UPDATE policies SET name = 'other' WHERE name = 'reader'"],
    ],
    [
      "gives it the contents of another policy (K02)",
      "not_authentic",
      ["UPDATE policies SET sealed = (SELECT sealed FROM policies WHERE name = 'other') WHERE name = 'reader'"],
    ],
    ["changes its times", "not_authentic", ["UPDATE policies SET updated_at = updated_at + 1 WHERE name = 'reader'"]],
    ["changes its epoch", "not_authentic", ["UPDATE policies SET epoch = 7 WHERE name = 'reader'"]],
    ["changes its row version", "inconsistent", ["UPDATE policies SET version = 1 WHERE name = 'reader'"]],
    ["names another key (K08)", "malformed", ["UPDATE policies SET key_id = 'z' WHERE name = 'reader'"]],
    ["truncates it (K09)", "malformed", ["UPDATE policies SET sealed = x'01' WHERE name = 'reader'"]],
    ["changes its base", "not_authentic", ["UPDATE policies SET base = 0 WHERE name = 'reader'"]],
    [
      "gives it a version that is not reached yet",
      "inconsistent",
      ["UPDATE policies SET version = 99 WHERE name = 'reader'"],
    ],
    ["removes the nodes of the authority trie", "inconsistent", ["DELETE FROM authority"]],
    ["empties the nodes of the authority trie", "inconsistent", ["UPDATE authority SET content = x'00'"]],
    [
      "truncates the nodes of the authority trie",
      "inconsistent",
      ["UPDATE authority SET content = substr(content, 1, 9)"],
    ],
    [
      "exchanges two members in the authority trie",
      "inconsistent",
      [
        "UPDATE authority SET content = CAST(x'00' || substr(content, 2, 8) || substr(content, 34, 16) || substr(content, 26, 8) || substr(content, 10, 16) AS BLOB)",
      ],
    ],
  ])("%s: it grants nothing", async (_, reason, statements) => {
    await sql(...statements);
    const { rows } = await database.client.execute("SELECT * FROM policies WHERE name = 'reader'");
    const { rows: all } = await database.client.execute("SELECT * FROM policies");
    const name = rows.length === 1 ? "reader" : all.length === 1 ? "other" : "x";
    await expectIgnored(name, `seal_${reason}`);
  });

  it("gives it the slot of another policy: it grants nothing, because the loaded nodes do not prove it", async () => {
    const ring = await ringOf(KEY_A);
    const patternsOf = () => ({ spiffeIdPattern: "^spiffe://spike\\.ist/x$", pathPattern: "^x$" });
    await storeManyPolicies({ client: database.client, ring }, { count: 40, patternsOf });
    expect(await readAs("/reader")).toBe(200);
    const digit = slotOf("policy:reader").prefix >= 2 ** 47 ? 0 : 2 ** 48 - 1;
    await sql(`UPDATE policies SET slot = ${digit} WHERE name = 'reader'`);
    service.log.length = 0;
    expect(await readAs("/reader")).toBe(401);
    expect(service.log).toMatchObject([{ event: "policy_ignored", reason: "seal_inconsistent" }]);
    // A read by name does not use the stored slot, and a put writes the right one.
    expect((await service.post(`${POLICY}?action=get`, { id: "reader" })).status).toBe(200);
    await put("reader", "^spiffe://spike\\.ist/reader$", "^app/");
    expect(await readAs("/reader")).toBe(200);
  });

  it("gives it the tags of another policy: it grants nothing", async () => {
    await sql("UPDATE policies SET id_tag = (SELECT id_tag FROM policies WHERE name = 'other'), path_tag = x'00'");
    expect(await readAs("/reader")).toBe(401);
  });

  it("alters a row: the operator can replace or delete the policy, and the log reports the altered row", async () => {
    await sql("UPDATE policies SET sealed = x'01'", "UPDATE policies SET version = 1 WHERE name = 'other'");
    service.log.length = 0;
    await put("reader", "^spiffe://spike\\.ist/reader$", "^app/");
    expect(service.log).toMatchObject([{ event: "policy_ignored", reason: "seal_inconsistent" }]);
    expect(await readAs("/reader")).toBe(200);
    const got = await service.post(`${POLICY}?action=get`, { id: "reader" });
    expect(got.body["createdAt"]).toBe(got.body["updatedAt"]);
    expect((await service.post(`${POLICY}?action=delete`, { id: "other", cas: 7 })).status).toBe(409);
    await remove("other");
    expect((await service.post(`${POLICY}?action=get`, { id: "other" })).status).toBe(404);
    expect((await service.post("/v1/audit?action=verify", {})).body["problems"]).toEqual([]);
  });

  it.each([
    ["removes", "DELETE FROM audit WHERE resource = 'policy:reader'", "gap"],
    ["alters", "UPDATE audit SET spiffe_id = 'spiffe://spike.ist/x' WHERE resource = 'policy:reader'", "not_authentic"],
  ])(
    "%s the audit entry of a policy: it still grants, and the audit check reports that",
    async (_, statement, kind) => {
      await sql(statement);
      expect(await readAs("/reader")).toBe(200);
      const kinds = async () =>
        ((await service.post("/v1/audit?action=verify", {})).body["problems"] as { kind: string }[]).map((p) => p.kind);
      expect(await kinds()).toContain(kind);
      await sql("UPDATE policies SET sealed = x'01' WHERE name = 'reader'");
      await expectIgnored("reader", "seal_malformed");
      await put("reader", "^spiffe://spike\\.ist/reader$", "^app/");
      expect(await readAs("/reader")).toBe(200);
      await remove("reader");
      expect(await readAs("/reader")).toBe(401);
      expect(await kinds()).toContain(kind);
    },
  );

  it("hides a policy: get fails with 500, and put and delete repair that", async () => {
    const hide = "DELETE FROM policies WHERE name = 'reader'";
    const get = async () => (await service.post(`${POLICY}?action=get`, { id: "reader" })).status;
    const expectReported = (event: string) => {
      const line = {
        event,
        reason: "seal_inconsistent",
        detail: expect.stringContaining('policy "reader" is missing'),
      };
      expect(service.log.splice(0)).toMatchObject([line]);
    };
    await sql("CREATE TABLE old AS SELECT * FROM policies WHERE name = 'reader'", hide);
    service.log.length = 0;
    expect(await get()).toBe(500);
    expectReported("request_failed");
    expect(await readAs("/reader")).toBe(401);
    await put("reader", "^spiffe://spike\\.ist/reader$", "^nothing/");
    expectReported("policy_ignored");
    expect(await get()).toBe(200);
    // The hidden row, put back beside or instead of the new one, grants nothing.
    await sql(hide, "INSERT INTO policies SELECT * FROM old");
    await expectIgnored("reader", "seal_inconsistent");
    await sql(hide);
    service.log.length = 0;
    await remove("reader");
    expectReported("policy_ignored");
    expect(await get()).toBe(404);
    await sql("INSERT INTO policies SELECT * FROM old");
    await expectIgnored("reader", "seal_inconsistent");
    await remove("reader");
    expect((await service.post("/v1/audit?action=verify", {})).body["problems"]).toEqual([]);
  });

  it("a policy under a key that is not in the ring grants nothing, and the log names the key", async () => {
    const store = libsqlStore(database.execute);
    const stranger = await testService(store, { ring: await ringOf(KEY_B) });
    expect((await stranger.post(`${SECRETS}?action=get`, { path: "app/a" })).status).toBe(500);
    expect(stranger.log).toMatchObject([{ reason: "seal_unknown_key", detail: 'key id "a" is not in the ring' }]);
    expect(KEY_A.startsWith("a:")).toBe(true);
  });
});

describe("a stored policy whose pattern is no longer accepted (G05)", () => {
  it("grants nothing and is reported, but can be read, replaced and deleted", async () => {
    const database = await fileDatabase();
    // As written by an older version of this service, with other limits.
    const store = replacingRules(libsqlStore(database.execute), {
      rules: { spiffeIdPattern: "^spiffe://spike\\.ist/w$", pathPattern: "^app/a{500}", permissions: ["read"] },
      prefixes: { idKey: "spiffe://spike.ist/", pathKey: "app/" },
      onlyNew: true,
    });
    const service = await testService(store);
    await service.post(SECRETS, { path: "app/a", values: {} });
    const good = {
      name: "old",
      spiffeidPattern: "^spiffe://spike\\.ist/w$",
      pathPattern: "^app/",
      permissions: ["read"],
    };
    expect((await service.post(POLICY, good)).status).toBe(200);
    const send = await service.as("/w");
    expect((await send(`${SECRETS}?action=get`, { path: "app/a" })).status).toBe(401);
    expect(service.log).toMatchObject([{ event: "policy_ignored", reason: "pattern_repeat" }]);
    const got = await service.post(`${POLICY}?action=get`, { id: "old" });
    expect(got.body).toMatchObject({ pathPattern: "^app/a{500}" });
    expect((await service.post(POLICY, good)).status).toBe(200);
    expect((await send(`${SECRETS}?action=get`, { path: "app/a" })).status).toBe(200);
    expect((await service.post(`${POLICY}?action=delete`, { id: "old" })).status).toBe(200);
    database.close();
  });
});
