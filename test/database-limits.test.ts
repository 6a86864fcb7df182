import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import type { BulkStore } from "../src/store/store.ts";
import { type LimitedDatabase, limitedDatabase } from "./harness/limited-database.ts";
import { KEY_A, KEY_B, ringOf, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const POLICY = "/v1/acl/policy";
const BUNDLE = "/v1/trust/bundle";
const AUDIT = "/v1/audit";

/** libSQL's server limits a value to 5 MB and an answer to 10 MB. Beyond its limits, the service would answer 503. */
describe("a database with the limits of libSQL's server", () => {
  let database: LimitedDatabase;
  let store: BulkStore;
  let service: TestService;
  beforeEach(async () => {
    database = limitedDatabase();
    store = libsqlStore(database.execute);
    service = await testService(store, { keptVersions: 10_000, maxBodyBytes: 4 * 1024 * 1024 });
  });
  afterEach(() => database.database.close());

  const put = async (path: string, values: object = {}) => await service.post(SECRETS, { path, values });
  /** Copies the newest audit entry, or other rows, `count` times. `assign`: other columns, from the number `i`. */
  function copy(table: string, where: string, count: number, assign: Readonly<Record<string, string>>): void {
    const columns = database.database
      .prepare(`SELECT name FROM pragma_table_info('${table}')`)
      .all()
      .map(({ name }) => String(name));
    database.database.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
      INSERT INTO ${table} (${columns.join(", ")})
      SELECT ${columns.map((name) => assign[name] ?? `t.${name}`).join(", ")} FROM ${table} t, n WHERE ${where}`);
  }

  it("returns values of 4 MiB (Q51)", async () => {
    const values = { v: "x".repeat(4 * 1024 * 1024 - 100) };
    expect((await put("large", values)).status).toBe(200);
    expect((await service.post(`${SECRETS}?action=get`, { path: "large" })).body).toEqual({ data: values });
  });

  it("returns the states of 10 000 versions, and adds one more (Q51)", async () => {
    await put("many");
    copy("secret_versions", "t.path = 'many'", 9999, { number: "i + 1" });
    const { secret } = await store.load({ secret: { path: "many", version: "none" } }, new AbortController().signal);
    expect(secret.states).toHaveLength(10_000);
    // Not authentic, but loaded: 500 and not 503.
    expect((await service.post(`${SECRETS}/metadata?action=get`, { path: "many" })).status).toBe(500);
  });

  describe("with many policies", () => {
    /** Not authentic: they are listed as ignored, and grant nothing. */
    const addPolicies = async (count: number, sealedBytes: number) => {
      const policy = { spiffeidPattern: "spiffe://s", pathPattern: "a$", permissions: ["read", "list"] };
      expect((await service.post(POLICY, { name: "p", ...policy })).status).toBe(200);
      copy("policies", "t.name = 'p'", count, {
        name: "printf('p-%06d', i)",
        sealed: `zeroblob(${sealedBytes})`,
      });
      copy("audit", "t.resource = 'policy:p'", count, {
        revision: "1000000 + i",
        write_id: "printf('w-%d', i)",
        resource: "printf('policy:p-%06d', i)",
      });
    };

    it.each([
      [9000, 300],
      [3000, 2700],
    ])("lists %i policies of %i bytes (Q51)", async (count, bytes) => {
      await addPolicies(count, bytes);
      service.log.length = 0;
      expect((await service.post(`${POLICY}?action=list`, {})).status).toBe(200);
      // Each forged policy is reported once.
      expect(service.log.filter(({ event }) => event === "policy_ignored")).toHaveLength(count);
    });

    it("refuses to list 14 000 policies at once (Q51)", async () => {
      await addPolicies(14_000, 300);
      const answer = await service.post(`${POLICY}?action=list`, {});
      expect(answer).toMatchObject({ status: 400, body: { policies: null, err: "too_large" } });
    });

    it.each([100, 1000, 10_000])("lists pages of %i, which `next` connects (Q51)", async (limit) => {
      await addPolicies(3000, 2700);
      service.log.length = 0;
      let pages = 0;
      for (let after: unknown = ""; after !== undefined; pages += 1) {
        const { status, body } = await service.post(`${POLICY}?action=list`, { limit, after });
        expect(status).toBe(200);
        after = body["next"];
      }
      expect(service.log).toHaveLength(3000);
      expect(pages).toBeLessThan(3100 / limit + 20);
    });

    it.each([
      ["get", `${SECRETS}?action=get`, { path: "b" }],
      ["put", SECRETS, { path: "a", values: {} }],
      ["list", `${SECRETS}?action=list`, {}],
    ])("refuses a %s that all of them might grant, if they do not fit (Q51)", async (_, target, body) => {
      await addPolicies(990, 2700);
      service.log.length = 0;
      expect((await (await service.as("/w"))(target, body)).status).toBe(500);
      expect(service.log.at(-1)).toMatchObject({ reason: "too_many_policies" });
    });
  });

  it("lists large trust bundles in pages, which `next` connects (Q51)", async () => {
    const bundle = { keys: [], spiffe_sequence: 1, note: "ü".repeat(60_000) };
    expect((await service.post(BUNDLE, { trustDomain: "d", bundle })).status).toBe(200);
    copy("trust_bundles", "t.trust_domain = 'd'", 99, { trust_domain: "printf('d-%03d', i)" });
    service.log.length = 0;
    let pages = 0;
    for (let after: unknown = ""; after !== undefined; pages += 1) {
      const { status, body } = await service.post(`${BUNDLE}?action=list`, { after });
      expect(status).toBe(200);
      after = body["next"];
    }
    expect(pages).toBeGreaterThan(1);
    expect(service.log.filter(({ event }) => event === "bundle_ignored")).toHaveLength(99);
  });

  describe("with large audit entries", () => {
    /** As a delete of 10 000 versions would be recorded. */
    const addEntries = async (count: number, outcomeBytes: number) => {
      await put("a");
      copy("audit", "t.revision = 1", count, {
        revision: "i + 1",
        write_id: "printf('w-%d', i)",
        resource: "printf('secret:%d', i % 7)",
        seq: "i / 7 + 1",
        base: "i",
        outcome: `'{"x":"' || hex(zeroblob(${outcomeBytes / 2})) || '"}'`,
      });
      database.database.exec(`UPDATE store SET revision = ${count + 1}`);
    };

    it.each([
      [300, 70_000],
      [3000, 1500],
      [2000, 4000],
    ])("lists %i entries of %i bytes in pages of 1000 (Q51)", async (count, bytes) => {
      await addEntries(count, bytes);
      let entries = 0;
      for (let after: unknown = 0; after !== undefined;) {
        const { status, body } = await service.post(`${AUDIT}?action=list`, { after, limit: 1000 });
        expect(status).toBe(200);
        entries += (body["entries"] as unknown[]).length;
        after = body["next"];
      }
      expect(entries).toBe(count + 1);
    });

    it.each([
      [100, 70_000],
      [2000, 1500],
      [2000, 5000],
    ])("verifies %i entries of %i bytes (Q51)", async (count, bytes) => {
      await addEntries(count, bytes);
      let entries = 0;
      for (let after: unknown = 0; after !== undefined && entries <= count;) {
        const { status, body } = await service.post(`${AUDIT}?action=verify`, { after });
        expect(status).toBe(200);
        entries += Number(body["entries"]);
        after = body["next"];
        if (after === undefined) break;
      }
      expect(entries).toBeGreaterThan(40);
    });

    it("refuses to prune forged entries, however large they are, and not with a 503 (Q51)", async () => {
      await addEntries(300, 70_000);
      expect((await service.post(`${AUDIT}?action=prune`, { days: 7 })).status).not.toBe(503);
    });
  });

  it.each([
    ["secrets with many versions", "secret", 100, 2000],
    ["secrets with few versions", "secret", 100, 2],
  ])("rewraps %s in pages that fit (Q51)", async (_, kind, count, versions) => {
    await put("a");
    copy("secrets", "t.path = 'a'", count, { path: "printf('s-%03d', i)" });
    for (let n = 1; n <= count; n += 1) {
      copy("secret_versions", "t.path = 'a'", versions, {
        path: `'s-${String(n).padStart(3, "0")}'`,
        number: "i",
        sealed: "NULL",
      });
    }
    const rotating = await testService(store, { ring: await ringOf(KEY_B, KEY_A) });
    expect((await rotating.post("/v1/operator/register", { keyId: "b" })).status).toBe(200);
    const failed: string[] = [];
    let rewrapped = 0;
    for (let after: unknown = ""; after !== undefined;) {
      const { status, body } = await rotating.post("/v1/operator/rewrap", { after, limit: 100 });
      expect(status).toBe(200);
      failed.push(...(body["failed"] as string[]));
      rewrapped += Number(body["rewrapped"]);
      after = body["next"];
    }
    expect([failed.length, failed.every((name) => name.startsWith(`${kind}:s-`))]).toEqual([count, true]);
    expect(rewrapped).toBeGreaterThan(0);
  });
});
