import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuditProblem } from "../src/audit/audit-problem.ts";
import { verifyAudit } from "../src/audit/verify-audit.ts";
import { UNRESTRICTED } from "../src/store/access.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import type { Store } from "../src/store/store.ts";
import { PATIENT } from "./harness/attempts.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { KEY_A, KEY_B, ringOf, type TestService, testService } from "./harness/service.ts";
import { mustSkip } from "./harness/test-databases.ts";

const CANARY = "canary-7f3a9c-value";

/** The database's holder cannot read values, and changes they make are detected. */
describe("a hostile database", () => {
  let database: FileDatabase;
  let store: Store;
  let service: TestService;
  beforeEach(async () => {
    database = await fileDatabase();
    store = libsqlStore(database.execute);
    service = await testService(store);
    for (const n of [1, 2, 3]) await put("a", `${CANARY} a${n}`);
    for (const n of [1, 2]) await put("b", `${CANARY} b${n}`);
  });
  afterEach(() => database.close());

  const put = async (path: string, value: string) =>
    await service.post("/v1/store/secrets", { path, values: { v: value } });
  const get = async (path: string, version?: number) =>
    await service.post("/v1/store/secrets?action=get", { path, version });
  const sql = async (...statements: string[]) => {
    for (const statement of statements) await database.client.execute(statement);
  };
  /** The response is the same opaque 500 in all cases. The reason is in the log. */
  const expectRefused = async (answer: Promise<{ status: number; body: unknown }>, reason: string) => {
    service.log.length = 0;
    expect(await answer).toMatchObject({ status: 500, body: { err: "api_internal_error" } });
    expect(service.log).toMatchObject([{ event: "request_failed", reason }]);
  };

  it("contains no value in a raw copy of its file", async () => {
    const raw = Buffer.concat([...(await database.contents({ checkpointed: true })).values()]);
    expect(raw.includes("secret:a")).toBe(true);
    for (const encoding of ["utf8", "utf16le", "base64", "hex"] as const) {
      expect(raw.includes(Buffer.from(CANARY).toString(encoding)), encoding).toBe(false);
      expect(raw.includes(Buffer.from(CANARY, "utf8").toString(encoding).slice(2, 14)), encoding).toBe(false);
    }
    expect(raw.includes(Buffer.from(KEY_A.slice(2), "base64url"))).toBe(false);
  });

  describe("fails a read after it", () => {
    const CASES: readonly (readonly [string, string, readonly string[]])[] = [
      [
        "swaps two sealed values (K02)",
        "not_authentic",
        [
          "CREATE TABLE t AS SELECT sealed FROM secret_versions WHERE path = 'a' AND number = 3",
          "UPDATE secret_versions SET sealed = (SELECT sealed FROM secret_versions WHERE path = 'b' AND number = 2) WHERE path = 'a' AND number = 3",
          "UPDATE secret_versions SET sealed = (SELECT sealed FROM t) WHERE path = 'b' AND number = 2",
        ],
      ],
      [
        "puts an older value of the same secret under the current number (K03)",
        "not_authentic",
        [
          "UPDATE secret_versions SET sealed = (SELECT sealed FROM secret_versions WHERE path = 'a' AND number = 1) WHERE path = 'a' AND number = 3",
        ],
      ],
      [
        "swaps two heads (K02)",
        "inconsistent",
        [
          "UPDATE secrets SET path = 'x' WHERE path = 'a'",
          "UPDATE secrets SET path = 'a' WHERE path = 'b'",
          "UPDATE secrets SET path = 'b' WHERE path = 'x'",
        ],
      ],
      [
        "swaps two heads with their newest audit entries",
        "not_authentic",
        [
          "UPDATE secrets SET path = 'x' WHERE path = 'a'",
          "UPDATE secrets SET path = 'a' WHERE path = 'b'",
          "UPDATE secrets SET path = 'b' WHERE path = 'x'",
          "UPDATE audit SET resource = CASE resource WHEN 'secret:a' THEN 'secret:b' ELSE 'secret:a' END",
        ],
      ],
      [
        "renumbers a version",
        "inconsistent",
        ["UPDATE secret_versions SET number = 9 WHERE path = 'a' AND number = 3"],
      ],
      ["current moved back", "not_authentic", ["UPDATE secrets SET current = 2 WHERE path = 'a'"]],
      [
        "moves current back with its write id",
        "not_authentic",
        [
          "UPDATE secrets SET current = 2, current_write_id = (SELECT write_id FROM secret_versions WHERE path = 'a' AND number = 2) WHERE path = 'a'",
        ],
      ],
      ["an end set to the current version", "not_authentic", ["UPDATE secrets SET current_until = 1 WHERE path = 'a'"]],
      [
        "inserts the data key of another secret",
        "not_authentic",
        ["UPDATE secrets SET wrapped_key = (SELECT wrapped_key FROM secrets WHERE path = 'b') WHERE path = 'a'"],
      ],
      [
        "changes a byte of the value (K06)",
        "not_authentic",
        [
          "UPDATE secret_versions SET sealed = CAST(substr(sealed, 1, 20) || iif(substr(sealed, 21, 1) = x'00', x'01', x'00') || substr(sealed, 22) AS BLOB) WHERE path = 'a' AND number = 3",
        ],
      ],
      [
        "sets an unknown suite (K07)",
        "unknown_suite",
        [
          "UPDATE secret_versions SET sealed = CAST(x'02' || substr(sealed, 2) AS BLOB) WHERE path = 'a' AND number = 3",
        ],
      ],
      [
        "truncates a value (K09)",
        "malformed",
        ["UPDATE secret_versions SET sealed = x'0100' WHERE path = 'a' AND number = 3"],
      ],
      ["a value of no bytes", "malformed", ["UPDATE secret_versions SET sealed = x'' WHERE path = 'a' AND number = 3"]],
      ["removes a value", "inconsistent", ["UPDATE secret_versions SET sealed = NULL WHERE path = 'a' AND number = 3"]],
      [
        "puts a head under a key that is not in the ring (K08)",
        "unknown_key",
        ["UPDATE secrets SET key_id = 'z' WHERE path = 'a'"],
      ],
      ["a version deleted", "inconsistent", ["DELETE FROM secret_versions WHERE path = 'a' AND number = 3"]],
      ["the head deleted", "inconsistent", ["DELETE FROM secrets WHERE path = 'a'"]],
      [
        "deletes the head and all versions",
        "inconsistent",
        ["DELETE FROM secrets WHERE path = 'a'", "DELETE FROM secret_versions WHERE path = 'a'"],
      ],
      ["the newest audit entry deleted", "inconsistent", ["DELETE FROM audit WHERE revision = 3"]],
      ["all audit entries of the secret deleted", "inconsistent", ["DELETE FROM audit WHERE resource = 'secret:a'"]],
      [
        "changes the newest audit entry",
        "not_authentic",
        ["UPDATE audit SET spiffe_id = 'spiffe://spike.ist/other' WHERE revision = 3"],
      ],
      ["the row version changed", "inconsistent", ["UPDATE secrets SET version = version + 1 WHERE path = 'a'"]],
      [
        "moves head and newest audit entry below their base",
        "inconsistent",
        [
          "DELETE FROM audit WHERE revision = 2",
          "UPDATE audit SET revision = 2 WHERE revision = 3",
          "UPDATE secrets SET version = 2 WHERE path = 'a'",
        ],
      ],
      ["the store's revision lowered", "inconsistent", ["UPDATE store SET revision = 2"]],
      ["the epoch changed", "not_authentic", ["UPDATE store SET epoch = 7"]],
      ["the audit floor raised", "not_authentic", ["UPDATE store SET audit_floor = 3"]],
      ["another store id", "not_authentic", ["UPDATE store SET store_id = 'other'"]],
      ["the store's MAC removed", "inconsistent", ["UPDATE store SET mac = NULL"]],
      ["the key's check value replaced", "wrong_key", ["UPDATE keys SET check_value = zeroblob(32)"]],
    ];

    it.each(CASES)("%s", async (_, reason, statements) => {
      expect((await get("a")).status).toBe(200);
      await sql(...statements);
      await expectRefused(get("a"), `seal_${reason}`);
    });

    it("undoes a deletion, completely or in the version only", async () => {
      await service.post("/v1/store/secrets?action=delete", { path: "a", versions: [2] });
      expect((await get("a", 2)).status).toBe(404);
      await sql("UPDATE secret_versions SET deleted_at = NULL WHERE path = 'a' AND number = 2");
      await expectRefused(get("a", 2), "seal_not_authentic");
      await expectRefused(service.post("/v1/store/secrets/metadata?action=get", { path: "a" }), "seal_not_authentic");
      await expectRefused(put("a", "next"), "seal_not_authentic");
      expect((await get("a")).status, "the head alone tells what is current").toBe(200);
    });

    it("inserts a pruned or foreign version", async () => {
      await sql(
        "INSERT INTO secret_versions SELECT 'a', 4, revision, write_id, created_at, NULL, NULL, sealed FROM secret_versions WHERE path = 'b' AND number = 1",
      );
      await expectRefused(get("a", 4), "seal_not_authentic");
    });

    it("restores an old head and its version (K05)", async () => {
      await sql("CREATE TABLE old_head AS SELECT * FROM secrets WHERE path = 'a'");
      await sql("CREATE TABLE old_versions AS SELECT * FROM secret_versions WHERE path = 'a'");
      await put("a", "newer");
      await service.post("/v1/store/secrets?action=delete", { path: "a", versions: [1, 2, 3, 4] });
      await sql(
        "DELETE FROM secrets WHERE path = 'a'",
        "INSERT INTO secrets SELECT * FROM old_head",
        "DELETE FROM secret_versions WHERE path = 'a'",
        "INSERT INTO secret_versions SELECT * FROM old_versions",
      );
      await expectRefused(get("a"), "seal_inconsistent");
      await sql("UPDATE secrets SET version = (SELECT max(revision) FROM audit)");
      await expectRefused(get("a"), "seal_inconsistent");
    });

    it("inserts a head at the same position of another history", async () => {
      const keep = async (name: string) => {
        await sql(
          `CREATE TABLE heads_${name} AS SELECT * FROM secrets WHERE path = 'a'`,
          `CREATE TABLE versions_${name} AS SELECT * FROM secret_versions WHERE path = 'a'`,
        );
      };
      const putBack = async (name: string) => {
        await sql(
          "DELETE FROM secrets WHERE path = 'a'",
          "DELETE FROM secret_versions WHERE path = 'a'",
          `INSERT INTO secrets SELECT * FROM heads_${name}`,
          `INSERT INTO secret_versions SELECT * FROM versions_${name}`,
        );
      };
      await keep("before");
      await put("a", "withdrawn");
      await keep("withdrawn");
      // The commit is undone, and another one takes its revision, its number and its position in the chain.
      await putBack("before");
      await sql("DELETE FROM audit WHERE revision = 6", "UPDATE store SET revision = 5");
      expect((await put("a", "valid")).body).toEqual({ version: 4, revision: 6 });
      expect((await get("a")).body).toEqual({ data: { v: "valid" } });
      await putBack("withdrawn");
      await expectRefused(get("a"), "seal_inconsistent");
    });

    it("forges the answer to a repeated request", async () => {
      const headers = { "Idempotency-Key": "k" };
      const body = { path: "c", values: { v: "1" } };
      await service.post("/v1/store/secrets", body, { headers });
      await sql(`UPDATE audit SET outcome = '{"version":9}' WHERE resource = 'secret:c'`);
      await expectRefused(service.post("/v1/store/secrets", body, { headers }), "seal_not_authentic");
    });
  });

  const OTHER_STORE = "fails with rows of another store under the same root key (K04)";
  it.skipIf(mustSkip("two databases", OTHER_STORE))(OTHER_STORE, async () => {
    const other = await fileDatabase();
    const there = await testService(libsqlStore(other.execute));
    await there.post("/v1/store/secrets", { path: "a", values: { v: "of the other store" } });
    const rows = async (sql: string) => (await other.client.execute(sql)).rows[0]!;
    const { wrapped_key: key, mac, history, born, write_id: writeId } = await rows("SELECT * FROM secrets");
    const { sealed } = await rows("SELECT * FROM secret_versions");
    expect((await get("a")).status).toBe(200);
    const value = { sql: "UPDATE secret_versions SET sealed = ? WHERE path = 'a'", args: [sealed!] };
    await database.client.execute(value);
    await expectRefused(get("a"), "seal_not_authentic");
    await database.client.execute({
      sql: "UPDATE secrets SET wrapped_key = ?, mac = ?, history = ?, born = ?, write_id = ? WHERE path = 'a'",
      args: [key!, mac!, history!, born!, writeId!],
    });
    await expectRefused(get("a"), "seal_inconsistent");
    await database.client.execute({ sql: "UPDATE audit SET write_id = ? WHERE revision = 3", args: [writeId!] });
    await expectRefused(get("a"), "seal_not_authentic");
    other.close();
  });

  it("also fails writes over rows that are not authentic", async () => {
    await sql("UPDATE secrets SET latest = 1 WHERE path = 'a'");
    await expectRefused(put("a", "next"), "seal_not_authentic");
    await sql("DELETE FROM secrets WHERE path = 'b'");
    await expectRefused(put("b", "next"), "seal_inconsistent");
    const { rows } = await database.client.execute("SELECT revision FROM store");
    expect(rows[0]?.["revision"]).toBe(5);
  });

  describe("under another key", () => {
    it("rejects a wrong key with the same id before anything is written under it", async () => {
      const wrong = await testService(store, { ring: await ringOf(`a:${KEY_B.slice(2)}`) });
      const answer = await wrong.post("/v1/store/secrets", { path: "n", values: {} });
      expect(answer).toMatchObject({ status: 500, body: { err: "api_internal_error" } });
      expect(wrong.log).toMatchObject([{ reason: "seal_wrong_key", detail: expect.stringContaining('"a"') }]);
    });

    it("rejects a ring that lacks the store's key, and names the key", async () => {
      const other = await testService(store, { ring: await ringOf(KEY_B) });
      expect(await other.post("/v1/store/secrets?action=list", {})).toMatchObject({
        status: 500,
        body: { keys: null },
      });
      expect(other.log).toMatchObject([{ reason: "seal_unknown_key", detail: expect.stringContaining('"a"') }]);
    });

    it("reads with a new first key, and writes nothing under it until it is registered", async () => {
      const both = await testService(store, { ring: await ringOf(KEY_B, KEY_A) });
      expect((await both.post("/v1/store/secrets?action=get", { path: "a" })).status).toBe(200);
      expect((await both.post("/v1/store/secrets", { path: "a", values: {} })).status).toBe(200);
      const { rows } = await database.client.execute(
        "SELECT DISTINCT key_id FROM secrets UNION SELECT key_id FROM audit",
      );
      expect(rows.map((row) => row["key_id"])).toEqual(["a"]);
    });

    it("writes nothing while the key of the store row is not registered", async () => {
      await sql("DELETE FROM keys");
      expect((await put("a", "v")).status).toBe(500);
      expect(service.log).toMatchObject([{ reason: "seal_unregistered_key", detail: expect.stringContaining('"a"') }]);
    });

    it("reads rows under both keys, and moves a secret to the primary key when it is written", async () => {
      database.close();
      database = await fileDatabase();
      const target = libsqlStore(database.execute);
      const first = await testService(target, { ring: await ringOf(KEY_A, KEY_B) });
      const second = await testService(target, { ring: await ringOf(KEY_B, KEY_A) });
      const write = async (by: TestService, path: string, v: string) =>
        expect((await by.post("/v1/store/secrets", { path, values: { v } })).status).toBe(200);
      const read = async (by: TestService, path: string, version = 0) =>
        (await by.post("/v1/store/secrets?action=get", { path, version })).body["data"];
      const keyOf = async (path: string) =>
        (await database.client.execute({ sql: "SELECT key_id FROM secrets WHERE path = ?", args: [path] })).rows[0]?.[
          "key_id"
        ];
      await write(first, "old", "1");
      expect((await second.post("/v1/operator/register", { keyId: "b" })).status).toBe(200);
      await write(second, "new", "1");
      expect([await keyOf("old"), await keyOf("new")]).toEqual(["a", "b"]);
      for (const by of [first, second]) {
        expect([await read(by, "old"), await read(by, "new")]).toEqual([{ v: "1" }, { v: "1" }]);
      }
      await write(second, "old", "2");
      expect(await keyOf("old")).toBe("b");
      // The values are unchanged, under the data key. This secret no longer needs the old root key.
      expect([await read(first, "old", 1), await read(first, "old", 2)]).toEqual([{ v: "1" }, { v: "2" }]);
      const { results } = { results: await audit(target, await ringOf(KEY_A, KEY_B)) };
      expect(results.problems).toEqual([]);
    });
  });

  it("fails everything once its newest audit entry is gone", async () => {
    await sql("DELETE FROM audit WHERE revision = 5");
    await expectRefused(get("a"), "seal_inconsistent");
    await expectRefused(put("new", "x"), "seal_inconsistent");
    expect((await audit(store)).problems).toMatchObject([{ revision: 5, kind: "missing_tail" }]);
  });

  describe("that pretends to be empty", () => {
    it.each([
      ["with keys left", ["UPDATE store SET revision = 0, key_id = NULL, mac = NULL", "DELETE FROM audit"]],
      [
        "with another epoch",
        [
          "UPDATE store SET revision = 0, key_id = NULL, mac = NULL, epoch = 3",
          "DELETE FROM audit",
          "DELETE FROM keys",
        ],
      ],
      [
        "with a raised audit floor",
        [
          "UPDATE store SET revision = 0, key_id = NULL, mac = NULL, audit_floor = 3",
          "DELETE FROM audit",
          "DELETE FROM keys",
        ],
      ],
      ["with its MAC left", ["UPDATE store SET revision = 0", "DELETE FROM audit", "DELETE FROM keys"]],
    ])("gets nothing signed: %s", async (_, statements) => {
      await sql(...statements);
      await expectRefused(put("new", "x"), "seal_inconsistent");
    });
  });

  it("is detected by the audit check if it hides a deletion, waits for a commit and restores other entries", async () => {
    await put("victim", "leaked");
    await sql("CREATE TABLE old_head AS SELECT * FROM secrets WHERE path = 'victim'");
    await service.post("/v1/store/secrets?action=delete", { path: "victim" });
    await put("y", "y");
    expect((await audit(store)).problems).toEqual([]);
    // Revisions 7 (the deletion) and 8 are hidden. A commit made meanwhile takes number 7, and 8 is restored.
    await sql(
      "CREATE TABLE hidden AS SELECT * FROM audit WHERE revision = 8",
      "DELETE FROM audit WHERE revision > 6",
      "UPDATE store SET revision = 6",
    );
    expect((await put("new", "n")).body).toMatchObject({ revision: 7 });
    await sql(
      "INSERT INTO audit SELECT * FROM hidden",
      "UPDATE store SET revision = 8",
      "DELETE FROM secrets WHERE path = 'victim'",
      "INSERT INTO secrets SELECT * FROM old_head",
      "UPDATE secret_versions SET deleted_at = NULL WHERE path = 'victim'",
    );
    const { problems } = await audit(store);
    expect(problems).toMatchObject([{ revision: 8, kind: "broken_anchor" }]);
  });

  it.each([0, 1, 4])("with schema version %i, which the code does not support, is 503", async (version) => {
    await sql(`UPDATE store SET schema_version = ${version}`);
    service.log.length = 0;
    expect((await get("a")).status).toBe(503);
    expect((await put("a", "x")).status).toBe(503);
    const detail = `schema version ${version}, this code knows 2 and 3`;
    expect(service.log).toMatchObject([
      { reason: "store_schema", detail },
      { reason: "store_schema", detail },
    ]);
  });

  describe("fails the audit check after", () => {
    const KINDS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
      [
        "it deletes an entry in the middle",
        ["gap", "broken_anchor", "broken_chain"],
        ["DELETE FROM audit WHERE revision = 2"],
      ],
      [
        "it deletes the first entry",
        ["gap", "broken_anchor", "broken_chain"],
        ["DELETE FROM audit WHERE revision = 1"],
      ],
      [
        "it deletes another entry in the middle",
        ["gap", "broken_anchor", "broken_chain"],
        ["DELETE FROM audit WHERE revision = 4"],
      ],
      ["an entry altered", ["not_authentic"], ["UPDATE audit SET action = 'delete' WHERE revision = 2"]],
      [
        "it attributes an entry to another caller",
        ["not_authentic"],
        ["UPDATE audit SET spiffe_id = 'spiffe://x/y' WHERE revision = 2"],
      ],
      [
        "it deletes an entry and moves the others down",
        ["not_authentic", "broken_anchor", "broken_chain"],
        [
          "DELETE FROM audit WHERE revision = 2",
          "UPDATE audit SET revision = revision - 1 WHERE revision > 2",
          "UPDATE store SET revision = 4",
        ],
      ],
    ];

    it.each(KINDS)("%s", async (_, kinds, statements) => {
      expect(await audit(store)).toEqual({ entries: 5, problems: [] });
      await sql(...statements);
      const { problems } = await audit(store);
      expect(kindsOf(problems)).toEqual(kinds.toSorted());
    });
  });
});

/** Verifies the audit at once, in pages of two, and part by part. All must find the same. */
async function audit(store: Store, given?: Awaited<ReturnType<typeof ringOf>>) {
  const deps = { store, ring: given ?? (await ringOf(KEY_A)), attempts: PATIENT, access: UNRESTRICTED };
  const whole = await verifyAudit(deps, { perPage: 2, pages: 1000 });
  let parts: readonly AuditProblem[] = [];
  for (let after: number | undefined = 0; after !== undefined;) {
    const part: Awaited<ReturnType<typeof verifyAudit>> = await verifyAudit(deps, { after, perPage: 2, pages: 1 });
    parts = [...parts, ...part.problems];
    after = part.next;
  }
  expect(kindsOf(parts)).toEqual(kindsOf(whole.problems));
  return { entries: whole.entries, problems: whole.problems };
}

const kindsOf = (problems: readonly AuditProblem[]) => [...new Set(problems.map(({ kind }) => kind))].toSorted();
