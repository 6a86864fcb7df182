import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { SUPERUSER, testDomain } from "./harness/identity.ts";
import { KEY_A, KEY_B, ringOf, type TestService, testService } from "./harness/service.ts";
import { DECIDING, dumpTables, restoreTables } from "./harness/table-dump.ts";

const SECRETS = "/v1/store/secrets";
const POLICY = "/v1/acl/policy";
const VERIFY = "/v1/audit?action=verify";
const ACKNOWLEDGE = "/v1/audit?action=acknowledge";
const REBUILD_STORE = "/v1/operator/rebuild?action=store";
const REBUILD_AUTHORITY = "/v1/operator/rebuild?action=authority";

interface Problem {
  readonly revision?: number;
  readonly resource?: string;
  readonly kind: string;
  readonly detail: string;
  readonly acknowledgeable?: boolean;
}

interface Verified {
  readonly problems: readonly Problem[];
  readonly acknowledged: readonly Problem[];
  readonly unreachable: readonly number[];
  readonly rows: number;
  readonly list: { readonly after: number; readonly upTo: number; readonly digest: string } | undefined;
}

let database: FileDatabase;
let service: TestService;
beforeEach(async () => {
  database = await fileDatabase();
  service = await testService(libsqlStore(database.execute));
});
afterEach(() => database.close());

const sql = async (...statements: readonly string[]) => {
  for (const statement of statements) await database.client.execute(statement);
};
const post = async (target: string, body: object) => {
  const answer = await service.post(target, body);
  expect([target, answer.status, answer.text]).toEqual([target, 200, expect.any(String)]);
  return answer.body;
};
const put = async (path: string) => await post(SECRETS, { path, values: { v: path } });
const putPolicy = async (name: string, pathPattern = "^a/") =>
  await post(POLICY, { name, spiffeidPattern: "^spiffe://spike\\.ist/w$", pathPattern, permissions: ["read"] });
const statusOf = async (target: string, body: object) => (await service.post(target, body)).status;

/** Verifies everything, part by part. */
async function verify(by = service): Promise<Verified> {
  const problems: Problem[] = [];
  const acknowledged: Problem[] = [];
  const unreachable: number[] = [];
  let rows = 0;
  let list: Verified["list"];
  for (let after: unknown = 0; after !== undefined;) {
    const { status, body } = await by.post(VERIFY, { after });
    expect(status).toBe(200);
    problems.push(...(body["problems"] as Problem[]));
    acknowledged.push(...((body["acknowledged"] ?? []) as Problem[]));
    unreachable.push(...((body["unreachable"] ?? []) as number[]));
    rows += Number(body["rows"]);
    const { upTo, digest } = body;
    if (typeof upTo === "number" && typeof digest === "string") list = { after: Number(after), upTo, digest };
    after = body["next"];
  }
  return { problems, acknowledged, unreachable, rows, list };
}

const subjects = async () => [
  ...new Set((await verify()).problems.map(({ resource, revision }) => resource ?? revision)),
];
const kinds = async () => [...new Set((await verify()).problems.map(({ kind }) => kind))].toSorted();

describe("verify names the row", () => {
  beforeEach(async () => {
    for (const path of ["a", "b", "a", "c/d", "a"]) await put(path);
    await post(`${SECRETS}?action=delete`, { path: "a", versions: [2] });
    for (let n = 0; n < 40; n += 1) await putPolicy(`p${n}`);
    for (const trustDomain of ["x.org", "y.org"]) await post("/v1/trust/bundle", { trustDomain, bundle: { keys: [] } });
    await post(`${POLICY}?action=delete`, { id: "p7" });
  });

  it("of each damaged column, and of no other row (H10)", async () => {
    expect(await verify()).toMatchObject({ problems: [], unreachable: [] });
    const tables = {
      secrets: ["path = 'a'", "secret:a"],
      secret_versions: ["path = 'a' AND number = 2", "secret:a"],
      policies: ["name = 'p3'", "policy:p3"],
      trust_bundles: ["trust_domain = 'x.org'", "bundle:x.org"],
    } as const;
    // Which commit wrote a version is informational, and values are not decrypted. Only a `cas` is compared with the row version of
    // a policy or bundle. A row with another name is a row too many and a lost one.
    const versions = ["secret_versions.revision", "policies.version", "trust_bundles.version"];
    const unchecked = [...versions, "secret_versions.sealed", "secret_versions.path"];
    const names = ["secrets.path", "policies.name", "trust_bundles.trust_domain"];
    let tried = 0;
    for (const [table, [where, resource]] of Object.entries(tables)) {
      const { rows: columns } = await database.client.execute(`SELECT name, type FROM pragma_table_info('${table}')`);
      await sql(`CREATE TABLE saved AS SELECT * FROM ${table}`);
      for (const { name, type } of columns as unknown as { readonly name: string; readonly type: string }[]) {
        const column = `${table}.${name}`;
        if (unchecked.includes(column) || names.includes(column)) continue;
        // A flag is set if it is 1, so another number would change nothing.
        const isFlag = name.endsWith("_required");
        const values = {
          INTEGER: isFlag ? "1" : `ifnull(${name}, 0) + 7`,
          TEXT: `ifnull(${name}, '') || '1'`,
        };
        const value = type === "INTEGER" || type === "TEXT" ? values[type] : "zeroblob(32)";
        await sql(`UPDATE ${table} SET ${name} = ${value} WHERE ${where}`);
        const { problems } = await verify();
        expect([column, problems.map((problem) => problem.resource)]).toEqual([column, [resource]]);
        await sql(`DELETE FROM ${table}`, `INSERT INTO ${table} SELECT * FROM saved`);
        tried += 1;
      }
      await sql("DROP TABLE saved");
    }
    expect(tried).toBeGreaterThan(50);
    expect((await verify()).problems).toEqual([]);
  });

  it.each([
    ["a lost head", "DELETE FROM secrets WHERE path = 'a'", ["secret:a"]],
    [
      "a lost head and its versions",
      "DELETE FROM secrets WHERE path = 'b'; DELETE FROM secret_versions WHERE path = 'b'",
      ["secret:b"],
    ],
    ["a lost version", "DELETE FROM secret_versions WHERE path = 'a' AND number = 1", ["secret:a"]],
    [
      "a version too many",
      "INSERT INTO secret_versions SELECT path, 9, revision, write_id, created_at, deleted_at, destroyed_at, sealed FROM secret_versions WHERE path = 'b'",
      ["secret:b"],
    ],
    [
      "versions without a head",
      "INSERT INTO secret_versions SELECT 'ghost', number, revision, write_id, created_at, deleted_at, destroyed_at, sealed FROM secret_versions WHERE path = 'b'",
      ["secret:ghost"],
    ],
    [
      "a secret at another path",
      "UPDATE secrets SET path = 'z' WHERE path = 'b'; UPDATE secret_versions SET path = 'z' WHERE path = 'b'",
      ["secret:z", "secret:b"],
    ],
    ["a lost policy", "DELETE FROM policies WHERE name = 'p3'", ["policy:p3", "node"]],
    ["a lost bundle", "DELETE FROM trust_bundles WHERE trust_domain = 'x.org'", ["bundle:x.org", "node"]],
    [
      "a policy under another name",
      "UPDATE policies SET name = 'q' WHERE name = 'p3'",
      ["policy:q", "policy:p3", "node"],
    ],
  ])("of %s (H10)", async (_, statements, expected) => {
    await sql(...statements.split("; "));
    const found = (await subjects()).map((subject) => String(subject).replace(/^node:.*/, "node"));
    expect(found).toEqual(expected);
  });

  it("of a deleted policy that was put back, with its audit entry or without (H10)", async () => {
    await sql("CREATE TABLE old AS SELECT * FROM policies WHERE name = 'p5'");
    await post(`${POLICY}?action=delete`, { id: "p5" });
    await sql("INSERT INTO policies SELECT * FROM old");
    expect(await subjects()).toEqual(["policy:p5"]);
    await sql("DELETE FROM audit WHERE revision = (SELECT revision FROM store)");
    expect(await subjects()).toContain("policy:p5");
  });

  it("and each damaged node once, whichever it is (H10)", async () => {
    const { rows } = await database.client.execute("SELECT id FROM authority ORDER BY id");
    expect(rows.length).toBeGreaterThan(5);
    for (const { id } of rows as unknown as { readonly id: number }[]) {
      for (const change of [
        "UPDATE authority SET content = x'00'",
        "UPDATE authority SET content = x'07'",
        "DELETE FROM authority",
      ]) {
        await sql("CREATE TABLE saved AS SELECT * FROM authority", `${change} WHERE id = ${id}`);
        const { problems } = await verify();
        expect([change, problems]).toMatchObject([change, [{ resource: `node:${id}`, kind: "damaged_node" }]]);
        await sql("DELETE FROM authority", "INSERT INTO authority SELECT * FROM saved", "DROP TABLE saved");
      }
    }
    expect((await verify()).problems).toEqual([]);
  });

  it("and mentions nodes that nothing leads to, which are harmless (H10)", async () => {
    const { rows } = await database.client.execute("SELECT id FROM authority WHERE id BETWEEN 16 AND 31");
    const stored = rows.map(({ id }) => Number(id));
    expect(stored.length).toBeGreaterThan(3);
    const added = Array.from({ length: 16 }, (_, index) => 16 + index).filter((id) => !stored.includes(id));
    for (const id of added) await sql(`INSERT INTO authority VALUES (${id}, x'00')`);
    expect(await verify()).toMatchObject({ problems: [], unreachable: added });
  });

  it("from any position on, and refuses other positions (H10)", async () => {
    await sql("UPDATE secrets SET mac = zeroblob(32) WHERE path = 'c/d'");
    for (const [after, expected] of [
      ["secrets:b", 1],
      ["secrets:c/d", 0],
      ["policies:", 0],
      ["nodes:0:0", 0],
    ] as const) {
      const { body } = await service.post(VERIFY, { after });
      expect([after, (body["problems"] as unknown[]).length]).toEqual([after, expected]);
    }
    for (const after of ["secrets", "rows:", "nodes:x:0", "nodes:13:0", -1, 1.5, true]) {
      expect([after, await statusOf(VERIFY, { after })]).toEqual([after, 400]);
    }
  });
});

it("verify reports nothing while rows of all kinds are written (H10)", async () => {
  const ends = Date.now() + 3000;
  const writer = async (n: number) => {
    for (let round = 0; Date.now() < ends; round += 1) {
      const target = [SECRETS, `${SECRETS}?action=delete`, POLICY, `${POLICY}?action=delete`][round % 4]!;
      const name = `w${n}-${round % 3}`;
      const body = {
        path: name,
        values: {},
        name,
        id: name,
        spiffeidPattern: "^spiffe://x/a$",
        pathPattern: "^a$",
        permissions: ["read"],
      };
      const members: Readonly<Record<string, readonly (keyof typeof body)[]>> = {
        [SECRETS]: ["path", "values"],
        [`${SECRETS}?action=delete`]: ["path"],
        [POLICY]: ["name", "spiffeidPattern", "pathPattern", "permissions"],
        [`${POLICY}?action=delete`]: ["id"],
      };
      await service.post(target, Object.fromEntries(members[target]!.map((member) => [member, body[member]])));
    }
  };
  const writers = Promise.all([1, 2, 3].map(writer));
  let walks = 0;
  for (; Date.now() < ends; walks += 1) expect((await verify()).problems).toEqual([]);
  await writers;
  expect(walks).toBeGreaterThan(2);
  expect((await verify()).problems).toEqual([]);
});

it("verify reports each of 111 damaged entries once, and its parts can be acknowledged in turn (H10)", async () => {
  const paths = Array.from({ length: 110 }, (_, n) => `s${n}`);
  for (const path of [...paths, ...paths]) await put(path);
  await sql("UPDATE audit SET spiffe_id = 'x' WHERE revision <= 110 OR revision = 220");
  let after = 0;
  const found: Problem[] = [];
  const lists: object[] = [];
  for (let part = 0; part < 10; part += 1) {
    const { body } = await service.post(VERIFY, { after });
    lists.push({ after, upTo: body["upTo"], digest: body["digest"] });
    found.push(...(body["problems"] as Problem[]));
    if (typeof body["next"] !== "number") break;
    expect(body["next"]).toBeGreaterThan(after);
    after = body["next"];
  }
  const damaged = found.flatMap(({ revision = 0, resource }) => (resource === undefined ? [revision] : []));
  expect(damaged).toEqual([...paths.map((_, n) => n + 1), 220]);
  for (const list of lists.slice(0, 2)) expect(await statusOf(ACKNOWLEDGE, list)).toBe(200);
  expect(await subjects()).toEqual(["secret:s109"]);
});

describe("an acknowledgement", () => {
  beforeEach(async () => {
    for (const path of ["a", "b", "a"]) await put(path);
    await putPolicy("p");
    await put("a");
    await putPolicy("q");
    await put("c");
  });
  const acknowledge = async (list = {}) => await service.post(ACKNOWLEDGE, list);

  it("covers exactly the list that was shown, and nothing that is lost later (H11)", async () => {
    await sql("DELETE FROM audit WHERE revision = 1");
    const { list, problems } = await verify();
    expect(problems.every(({ acknowledgeable }) => acknowledgeable)).toBe(true);
    await sql("DELETE FROM audit WHERE revision = 4");
    expect(await acknowledge(list)).toMatchObject({ status: 409, body: { err: "list_changed" } });
    const shown = await verify();
    expect(await acknowledge(shown.list)).toMatchObject({
      status: 200,
      body: { acknowledged: shown.problems.length, left: 0 },
    });
    expect(await verify()).toMatchObject({ problems: [], acknowledged: shown.problems });
    await sql("DELETE FROM audit WHERE revision = 6");
    const kept = (await verify()).problems;
    expect(kept).toMatchObject([{ kind: "gap", detail: "the entry at revision 6 is missing" }, {}, {}]);
  });

  it("needs the exact range and digest, and does nothing twice (H11)", async () => {
    await sql("DELETE FROM audit WHERE revision = 1");
    const { list } = await verify();
    for (const other of [
      { ...list, after: 1 },
      { ...list, upTo: list!.upTo - 1 },
      { ...list, digest: "x" },
    ]) {
      expect(await acknowledge(other)).toMatchObject({ status: 409 });
    }
    const headers = { "Idempotency-Key": "once" };
    const first = await service.post(ACKNOWLEDGE, list, { headers });
    expect(first.status).toBe(200);
    expect((await service.post(ACKNOWLEDGE, list, { headers })).body).toEqual(first.body);
    expect(await acknowledge(list)).toMatchObject({ status: 409 });
    const { rows } = await database.client.execute("SELECT acknowledged FROM store");
    expect(rows[0]!["acknowledged"]).toBe(1);
  });

  it("is decided on a list that later commits do not change (H11)", async () => {
    await sql("DELETE FROM audit WHERE revision = 1");
    const { list } = await verify();
    await put("later");
    expect(await acknowledge(list)).toMatchObject({ status: 200 });
    expect((await verify()).problems).toEqual([]);
  });

  it("does not cover another entry that is put into the place of a damaged one (H11)", async () => {
    await sql("UPDATE audit SET spiffe_id = 'x' WHERE revision = 1");
    await acknowledge((await verify()).list);
    expect(await kinds()).toEqual([]);
    await sql("UPDATE audit SET mac = zeroblob(32) WHERE revision = 1");
    expect(await kinds()).toEqual(["broken_anchor", "broken_chain", "not_authentic"]);
  });

  it("cannot be hidden or added by the database (H11)", async () => {
    await sql("DELETE FROM audit WHERE revision = 1");
    await acknowledge((await verify()).list);
    await sql("CREATE TABLE hidden AS SELECT * FROM audit WHERE resource = 'acknowledgement:1'");
    for (const change of ["DELETE FROM audit", "UPDATE audit SET outcome = '{}'"]) {
      await put("newer");
      await sql(`${change} WHERE resource = 'acknowledgement:1'`);
      expect(await kinds()).toContain("missing_acknowledgement");
      expect(await kinds()).toContain("gap");
      await sql("DELETE FROM audit WHERE resource = 'acknowledgement:1'", "INSERT INTO audit SELECT * FROM hidden");
      expect(await kinds()).toEqual([]);
    }
    await sql("UPDATE store SET acknowledged = 0");
    expect(await kinds()).toEqual(["not_authentic"]);
    expect(await statusOf(`${SECRETS}?action=get`, { path: "a" })).toBe(500);
  });

  it("can itself be acknowledged if it is lost (H11)", async () => {
    await sql("DELETE FROM audit WHERE revision = 1");
    await acknowledge((await verify()).list);
    await put("newer");
    await sql("DELETE FROM audit WHERE resource = 'acknowledgement:1'");
    expect(await acknowledge((await verify()).list)).toMatchObject({ status: 200 });
    expect(await kinds()).toEqual([]);
  });

  it("accepts no row (H11)", async () => {
    await sql("CREATE TABLE old AS SELECT * FROM policies WHERE name = 'p'");
    await post(`${POLICY}?action=delete`, { id: "p" });
    await post(`${POLICY}?action=delete`, { id: "q" });
    await put("newer");
    await sql("DELETE FROM audit WHERE revision = 8", "INSERT INTO policies SELECT * FROM old");
    await acknowledge((await verify()).list);
    expect(await subjects()).toEqual(["policy:p"]);
    await put("a/x");
    expect((await (await service.as("/w"))(`${SECRETS}?action=get`, { path: "a/x" })).status).toBe(401);
  });

  it("makes everything work again after the newest entry was lost, except the secret that it belongs to (H11)", async () => {
    await sql("DELETE FROM audit WHERE revision = 7");
    const tries = async () => [
      await statusOf(`${SECRETS}?action=get`, { path: "a" }),
      await statusOf(`${SECRETS}?action=get`, { path: "c" }),
      await statusOf(SECRETS, { path: "new", values: {} }),
      await statusOf(`${POLICY}?action=get`, { id: "p" }),
      await statusOf("/v1/audit?action=list", {}),
    ];
    expect(await tries()).toEqual([500, 500, 500, 500, 200]);
    const { list, problems } = await verify();
    expect(problems).toMatchObject([{ kind: "missing_tail" }, { resource: "secret:c" }]);
    expect(await acknowledge(list)).toMatchObject({ status: 200, body: { acknowledged: 1, left: 0, revision: 8 } });
    expect(await tries()).toEqual([200, 500, 200, 200, 200]);
    expect(await verify()).toMatchObject({ problems: [{ resource: "secret:c" }], acknowledged: [{ kind: "gap" }] });
    await post(`${SECRETS}?action=remove`, { path: "c" });
    await put("c");
    expect((await verify()).problems).toEqual([]);
  });

  it("cannot cover two entries that claim one epoch (H11)", async () => {
    // The database shows one worker a copy of itself, and later its entry to all.
    const kept = await dumpTables(database.client, DECIDING);
    await putPolicy("withheld");
    await sql("CREATE TABLE withheld AS SELECT * FROM audit WHERE revision = 8");
    await restoreTables(database.client, kept);
    await putPolicy("real");
    await put("x");
    await sql(
      "DELETE FROM audit WHERE revision = 9",
      "UPDATE withheld SET revision = 9",
      "INSERT INTO audit SELECT * FROM withheld",
    );
    const { problems, list } = await verify();
    expect(problems).toContainEqual({
      revision: 9,
      kind: "forked_epoch",
      detail: "raised epoch 2, which the entry at revision 8 raised already",
      acknowledgeable: false,
    });
    await acknowledge(list);
    expect(await kinds()).toContain("forked_epoch");
  });

  it("cannot cover an entry that saw another store row (H11)", async () => {
    const kept = await dumpTables(database.client, DECIDING);
    await putPolicy("withheld");
    await put("y");
    await sql("CREATE TABLE withheld AS SELECT * FROM audit WHERE revision = 9");
    await restoreTables(database.client, kept);
    await sql("DELETE FROM secrets WHERE path = 'y'", "DELETE FROM secret_versions WHERE path = 'y'");
    await putPolicy("real");
    await put("x");
    await sql("DELETE FROM audit WHERE revision = 9", "INSERT INTO audit SELECT * FROM withheld");
    const { problems } = await verify();
    expect(problems).toContainEqual(
      expect.objectContaining({ revision: 9, kind: "broken_state", acknowledgeable: false }),
    );
  });

  it("is for the superuser of a configured trust domain only: no policy and no stored bundle suffices (H11)", async () => {
    const partner = await testDomain("partner.org");
    await post("/v1/trust/bundle", { trustDomain: "partner.org", bundle: partner.bundle });
    for (const name of ["all", "admin"]) {
      await post(POLICY, { name, spiffeidPattern: "^spiffe://.*$", pathPattern: ".*", permissions: ["super"] });
    }
    const tokens = [
      await partner.token(SUPERUSER),
      await service.domain.token("/w"),
      await service.domain.token("/spike/pilot/role/recover"),
    ];
    for (const target of [VERIFY, ACKNOWLEDGE, REBUILD_STORE, REBUILD_AUTHORITY]) {
      for (const token of tokens) {
        const answer = await service.post(
          target,
          { upTo: 0, digest: "x" },
          { headers: { authorization: `Bearer ${token}` } },
        );
        expect([target, answer.status]).toEqual([target, 401]);
      }
    }
  });

  it("counts under each key of the ring, and no longer when its key has left it (H11)", async () => {
    await sql("DELETE FROM audit WHERE revision = 1");
    await acknowledge((await verify()).list);
    const both = await testService(libsqlStore(database.execute), { ring: await ringOf(KEY_B, KEY_A) });
    expect((await both.post("/v1/operator/register", { keyId: "b" })).status).toBe(200);
    expect((await verify(both)).problems).toEqual([]);
    for (let after: unknown = ""; after !== undefined;) {
      after = (await both.post("/v1/operator/rewrap", { after })).body["next"];
    }
    const alone = await testService(libsqlStore(database.execute), { ring: await ringOf(KEY_B) });
    const again = await verify(alone);
    expect(again.problems.map(({ kind }) => kind)).toContain("missing_acknowledgement");
    expect((await alone.post(ACKNOWLEDGE, again.list)).status).toBe(200);
    expect((await verify(alone)).problems).toEqual([]);
  });
});

describe("rebuilding the store row", () => {
  const damage = "UPDATE store SET mac = zeroblob(32)";
  const rebuild = async () => {
    const shown = await service.post(REBUILD_STORE, {});
    if (shown.status !== 200) return shown;
    return await service.post(REBUILD_STORE, { digest: shown.body["digest"] });
  };

  it("changes nothing while the store row verifies (H11)", async () => {
    await put("a");
    expect(await service.post(REBUILD_STORE, {})).toMatchObject({ status: 200, body: { damaged: false } });
    expect(await service.post(REBUILD_STORE, { digest: "x" })).toMatchObject({
      status: 409,
      body: { err: "store_not_damaged" },
    });
    expect((await verify()).problems).toEqual([]);
  });

  it.each([
    ["without any change of permissions", 0],
    ["after some", 3],
  ])("works in a store %s, and the row stays current (H11)", async (_, policies) => {
    for (let n = 0; n < policies; n += 1) await putPolicy(`p${n}`);
    for (const path of ["a", "b"]) await put(path);
    await sql(damage);
    expect(await statusOf(`${SECRETS}?action=get`, { path: "a" })).toBe(500);
    expect(await rebuild()).toMatchObject({ status: 200, body: { revision: policies + 3 } });
    expect(await statusOf(`${SECRETS}?action=get`, { path: "a" })).toBe(200);
    await put("a");
    expect((await verify()).problems).toEqual([]);
    const { entries } = (await service.post("/v1/audit?action=list", { resource: "store" })).body as {
      entries: object[];
    };
    expect(entries).toMatchObject([{ action: "rebuild", epoch: policies }]);
  });

  it("does not bring back a state that a newer entry contradicts (H11)", async () => {
    await putPolicy("p");
    await sql("CREATE TABLE old_store AS SELECT * FROM store");
    await post(`${POLICY}?action=delete`, { id: "p" });
    await put("a");
    const { rows } = await database.client.execute("SELECT revision FROM store");
    // The revocation is hidden, and the store row is set back to before it.
    await sql(
      "DELETE FROM audit WHERE revision = 2",
      "DELETE FROM store",
      "INSERT INTO store SELECT * FROM old_store",
      `UPDATE store SET mac = zeroblob(32), revision = ${Number(rows[0]!["revision"])}`,
    );
    const refused = await rebuild();
    expect(refused).toMatchObject({ status: 409, body: { err: "store_not_recoverable" } });
    expect(refused.text).toContain("the entry at revision 3 saw");
  });

  it.each([
    ["was deleted", "DELETE FROM audit WHERE action = 'delete'"],
    ["no longer verifies", "UPDATE audit SET leads_to = NULL WHERE action = 'delete'"],
    ["was put under a key that left the ring", "UPDATE audit SET key_id = 'z' WHERE action = 'delete'"],
  ])(
    "does not undo a revocation whose entry %s, if later entries were decided before it (H11)",
    async (_, statement) => {
      await putPolicy("p");
      const inner = libsqlStore(database.execute);
      const slow = await testService({
        load: async (query, signal) => await inner.load(query, signal),
        async commit(change, query, signal) {
          await post(`${POLICY}?action=delete`, { id: "p" });
          return await inner.commit(change, query, signal);
        },
      });
      const { status } = await slow.post(SECRETS, { path: "a", values: {} });
      expect(status).toBe(200);
      const { rows } = await database.client.execute("SELECT epoch, base FROM audit ORDER BY revision");
      expect(rows.map(({ epoch, base }) => [epoch, base])).toEqual([
        [0, 0],
        [1, 1],
        [1, 1],
      ]);
      await sql(damage, "INSERT INTO keys VALUES ('z', zeroblob(16), 0)", statement);
      const refused = await rebuild();
      expect([refused.status, refused.text]).toEqual([409, expect.stringContaining("revision 2")]);
      expect(refused.body["err"]).toBe("store_not_recoverable");
    },
  );

  it("is not hindered by lost entries that cannot have raised the epoch (H11)", async () => {
    await putPolicy("p");
    for (const path of ["a", "b", "c", "d"]) await put(path);
    await sql(damage, "DELETE FROM audit WHERE revision = 2", "UPDATE audit SET spiffe_id = 'x' WHERE revision = 3");
    expect((await rebuild()).status).toBe(200);
  });

  it.each([
    ["its newest entry is missing", "DELETE FROM audit WHERE revision = 3", "must have its newest audit entry"],
    [
      "its newest entry does not verify",
      "UPDATE audit SET spiffe_id = 'x' WHERE revision = 3",
      "newest audit entry that verifies",
    ],
    [
      "the entry that led to it does not verify",
      "UPDATE audit SET spiffe_id = 'x' WHERE revision = 2",
      "which does not verify",
    ],
    ["the entry that led to it is missing", "DELETE FROM audit WHERE revision = 2", "saw"],
  ])("is refused if %s, with what to do (H11)", async (_, statement, expected) => {
    await put("a");
    await putPolicy("p");
    await put("b");
    await sql(damage, statement);
    const refused = await rebuild();
    expect(refused.status).toBe(409);
    expect(refused.text).toContain(expected);
    expect(refused.text).toContain("Restore a backup");
  });

  it("needs the digest of what was shown (H11)", async () => {
    await putPolicy("p");
    await sql(damage);
    const { body } = await service.post(REBUILD_STORE, {});
    expect(body).toMatchObject({
      damaged: true,
      fitsTrie: true,
      store: { revision: 1, epoch: 1 },
      basedOn: { revision: 1 },
    });
    expect(await statusOf(REBUILD_STORE, { digest: "other" })).toBe(409);
    expect(await statusOf(REBUILD_STORE, { digest: body["digest"] })).toBe(200);
  });
});

describe("rebuilding the authority trie", () => {
  beforeEach(async () => {
    await put("a/x");
    for (let n = 0; n < 30; n += 1) await putPolicy(`p${n}`, n === 3 ? "^a/" : "^b/");
    await post("/v1/trust/bundle", { trustDomain: "x.org", bundle: { keys: [] } });
  });
  const grants = async () => (await (await service.as("/w"))(`${SECRETS}?action=get`, { path: "a/x" })).status;

  it("lists the rows, leaves out those that do not verify, and needs the digest of the list (H11)", async () => {
    await sql("UPDATE authority SET content = x'00'", "UPDATE policies SET sealed = zeroblob(90) WHERE name = 'p5'");
    expect(await grants()).toBe(401);
    const { body } = await service.post(REBUILD_AUTHORITY, {});
    const rows = body["rows"] as { resource: string; version: number; updatedTime: string | null }[];
    expect(rows).toHaveLength(30);
    expect(rows.find(({ resource }) => resource === "policy:p3")).toEqual({
      resource: "policy:p3",
      version: 5,
      updatedTime: expect.stringMatching(/^20/),
    });
    expect(rows.find(({ resource }) => resource === "bundle:x.org")).toMatchObject({ updatedTime: null });
    expect(body["failed"]).toMatchObject([{ resource: "policy:p5" }]);
    await sql("DELETE FROM policies WHERE name = 'p6'");
    expect(await service.post(REBUILD_AUTHORITY, { digest: body["digest"] })).toMatchObject({
      status: 409,
      body: { err: "list_changed" },
    });
    const shown = await service.post(REBUILD_AUTHORITY, {});
    expect(await service.post(REBUILD_AUTHORITY, { digest: shown.body["digest"] })).toMatchObject({
      status: 200,
      body: { rebuilt: 29 },
    });
    expect(await grants()).toBe(200);
    expect(await subjects()).toEqual(["policy:p5", "policy:p6"]);
    for (const name of ["p5", "p6"]) await putPolicy(name);
    expect((await verify()).problems).toEqual([]);
    const { entries } = (await service.post("/v1/audit?action=list", { resource: "authority" })).body as {
      entries: object[];
    };
    expect(entries).toMatchObject([
      { action: "rebuild", outcome: { rows: 29, failed: 1, digest: shown.body["digest"] } },
    ]);
  });

  it("is decided on the epoch of the list: another change of permissions wins (H11)", async () => {
    const { body } = await service.post(REBUILD_AUTHORITY, {});
    await post(`${POLICY}?action=delete`, { id: "p3" });
    expect(await statusOf(REBUILD_AUTHORITY, { digest: body["digest"] })).toBe(409);
    expect(await grants()).toBe(401);
  });

  it("trusts an old row that the database shows, so the list names it with its version and time (H11)", async () => {
    await sql("CREATE TABLE old AS SELECT * FROM policies WHERE name = 'p3'");
    await post(`${POLICY}?action=delete`, { id: "p3" });
    await sql("INSERT INTO policies SELECT * FROM old");
    expect(await grants()).toBe(401);
    const { body } = await service.post(REBUILD_AUTHORITY, {});
    expect(body["rows"]).toContainEqual({ resource: "policy:p3", version: 5, updatedTime: expect.any(String) });
    await post(REBUILD_AUTHORITY, { digest: body["digest"] });
    expect(await grants()).toBe(200);
  });

  it("works for an empty store, and again afterwards (H11)", async () => {
    for (let n = 0; n < 30; n += 1) await post(`${POLICY}?action=delete`, { id: `p${n}` });
    await post("/v1/trust/bundle?action=delete", { trustDomain: "x.org" });
    for (let round = 0; round < 2; round += 1) {
      await sql("DELETE FROM authority");
      const { body } = await service.post(REBUILD_AUTHORITY, {});
      expect(body["rows"]).toEqual([]);
      await post(REBUILD_AUTHORITY, { digest: body["digest"] });
      expect((await verify()).problems).toEqual([]);
    }
    await putPolicy("p3");
    expect(await grants()).toBe(200);
  });
});
