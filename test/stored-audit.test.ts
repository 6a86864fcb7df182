import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import { withClock, workerAt } from "./harness/clocks.ts";
import { SUPERUSER } from "./harness/identity.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { KEY_A, KEY_B, ringOf, type TestService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const DAY = 24 * 60 * 60 * 1000;
const START = Date.parse("2026-01-01T00:00:00Z");

/** A service whose clock, and that of its database, the test sets. */
async function openService(
  database: FileDatabase,
  now: () => number,
  options: Parameters<typeof workerAt>[2] = {},
): Promise<TestService> {
  return await workerAt(libsqlStore(withClock(database.execute, now)), now, options);
}

describe.each(["memory", "libSQL"])("the stored audit (%s)", (kind) => {
  let database: FileDatabase | undefined;
  let service: TestService;
  let now: number;
  beforeEach(async () => {
    now = START;
    database = kind === "memory" ? undefined : await fileDatabase();
    const clock = () => now;
    const store = database
      ? libsqlStore(withClock(database.execute, clock))
      : memoryStore({ storeId: "s", now: clock });
    service = await workerAt(store, clock);
  });
  afterEach(() => database?.close());

  const put = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await service.post(SECRETS, { path, values: { v: path } }, { headers });
    expect(answer.status).toBe(200);
    return answer.body;
  };
  const list = async (body: object) => {
    const answer = await service.post("/v1/audit?action=list", body);
    expect(answer.status).toBe(200);
    return answer.body as { entries: { revision: number }[]; next?: number; revision: number };
  };
  const revisions = async (body: object) => (await list(body)).entries.map(({ revision }) => revision);
  const verify = async (body: object = {}) => (await service.post("/v1/audit?action=verify", body)).body;
  const prune = async (days: number, headers: Record<string, string> = {}) =>
    await service.post("/v1/audit?action=prune", { days }, { headers });

  describe("is listed", () => {
    beforeEach(async () => {
      for (const path of ["a", "b", "a"]) {
        await put(path);
        now += DAY;
      }
      const other = await service.as(`${SUPERUSER}/second`);
      expect((await other(`${SECRETS}?action=delete`, { path: "a" })).status).toBe(200);
    });

    it("with caller, action and time of each entry, and never with a value", async () => {
      const { entries, next, revision } = await list({});
      expect([next, revision]).toEqual([undefined, 4]);
      expect(entries[3]).toEqual({
        revision: 4,
        time: "2026-01-04T00:00:00.000Z",
        workerTime: "2026-01-04T00:00:00.000Z",
        spiffeId: `spiffe://spike.ist${SUPERUSER}/second`,
        action: "delete",
        resource: "secret:a",
        outcome: { version: 1, versions: [2] },
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
        seq: 3,
        writeId: expect.any(String),
        base: 3,
        epoch: 0,
        keyId: "a",
        mac: expect.stringMatching(/^[\w-]{43}$/),
        authentic: true,
      });
    });

    it.each<readonly [string, object, readonly number[]]>([
      ["by resource", { resource: "secret:a" }, [1, 3, 4]],
      ["by identity", { spiffeId: `spiffe://spike.ist${SUPERUSER}/second` }, [4]],
      ["by time", { from: "2026-01-02T00:00:00Z", until: "2026-01-03T00:00:00+00:00" }, [2]],
      ["by time in another zone", { from: "2026-01-02T01:00:00+01:00", until: "2026-01-02T00:00:00.001Z" }, [2]],
      ["from a revision on", { after: 2 }, [3, 4]],
      ["by several filters", { resource: "secret:a", after: 1, until: "2026-01-04T00:00:00Z" }, [3]],
      ["for a resource without entries", { resource: "policy:none" }, []],
    ])("%s", async (_, filter, expected) => {
      expect(await revisions(filter)).toEqual(expected);
    });

    it("in pages", async () => {
      expect(await list({ limit: 3 })).toMatchObject({ next: 3 });
      expect(await revisions({ after: 3, limit: 3 })).toEqual([4]);
      expect(await list({ limit: 4 })).not.toHaveProperty("next");
      expect(await list({ limit: 2, resource: "secret:a" })).toMatchObject({ next: 3 });
    });

    it.each([
      { limit: 0 },
      { limit: 1001 },
      { after: -1 },
      { from: "yesterday" },
      { until: "2026-01-02" },
      { from: "2026-13-01T00:00:00Z" },
      { from: "2026-02-31T00:00:00Z" },
      { resource: 7 },
    ])("only with valid parameters: %j is refused with 400", async (body) => {
      expect((await service.post("/v1/audit?action=list", body)).status).toBe(400);
    });
  });

  it("is verified from the start or from a revision on", async () => {
    for (const path of ["a", "b", "a", "c"]) await put(path);
    const { entries } = await list({});
    const { mac: newest } = entries.at(-1) as unknown as { mac: string };
    expect(await verify()).toEqual({ entries: 4, rows: 3, problems: [], revision: 4, newest });
    expect(await verify({ after: 2 })).toEqual({ entries: 2, rows: 3, problems: [], revision: 4, newest });
    expect(await verify({ after: 4 })).toEqual({ entries: 0, rows: 3, problems: [], revision: 4, newest });
    expect((await service.post("/v1/audit?action=verify", { after: -1 })).status).toBe(400);
  });

  describe("is pruned", () => {
    it("except the newest entry of each resource; everything stays readable and verifies", async () => {
      for (const path of ["a", "b", "a", "c"]) await put(path);
      await service.post("/v1/acl/policy", {
        name: "p",
        spiffeidPattern: "^spiffe://spike\\.ist/w$",
        pathPattern: "^a$",
        permissions: ["read"],
      });
      now += 8 * DAY;
      await put("b");
      now += DAY;
      const answer = await prune(8);
      expect(answer).toMatchObject({ status: 200, body: { floor: 5, more: false, revision: 7 } });
      expect(await revisions({})).toEqual([3, 4, 5, 6, 7]);
      expect(await list({ resource: "audit" })).toMatchObject({
        entries: [{ action: "prune", outcome: { floor: 5, more: false } }],
      });
      for (const path of ["a", "b", "c"]) {
        expect((await service.post(`${SECRETS}?action=get`, { path })).body).toEqual({ data: { v: path } });
      }
      expect((await (await service.as("/w"))(`${SECRETS}?action=get`, { path: "a" })).status).toBe(200);
      for (const path of ["a", "b", "c"]) await put(path);
      expect(await verify()).toMatchObject({ problems: [], revision: 10 });
      expect((await prune(7)).body).toEqual({ floor: 5, more: false, revision: 10 });
    });

    it("never within the last seven days", async () => {
      await put("a");
      now += 6.9 * DAY;
      await put("a");
      await put("a");
      expect((await prune(7)).body).toEqual({ floor: 0, more: false, revision: 3 });
      for (const days of [6, 0, -1, 36_501]) expect((await prune(days)).status, String(days)).toBe(400);
      expect((await service.post("/v1/audit?action=prune", {})).status).toBe(400);
      expect(await revisions({})).toEqual([1, 2, 3]);
    });

    it("once per Idempotency-Key, and forgets the keys of pruned entries", async () => {
      await put("a", { "Idempotency-Key": "old" });
      await put("a");
      now += 10 * DAY;
      await put("a");
      const headers = { "Idempotency-Key": "prune" };
      const first = await prune(7, headers);
      expect(first.body).toEqual({ floor: 2, more: false, revision: 4 });
      expect((await prune(7, headers)).body).toEqual(first.body);
      expect(await put("a", { "Idempotency-Key": "old" })).toEqual({ version: 4, revision: 5 });
    });

    it("only by the superuser", async () => {
      await put("a");
      expect((await (await service.as("/w"))("/v1/audit?action=prune", { days: 7 })).status).toBe(401);
    });

    it("up to 1000 entries per call", async () => {
      for (let n = 0; n < 1010; n += 1) await put("a");
      now += 10 * DAY;
      await put("b");
      expect((await prune(7)).body).toEqual({ floor: 1000, more: true, revision: 1012 });
      expect(await revisions({ limit: 5 })).toEqual([1001, 1002, 1003, 1004, 1005]);
      expect((await prune(7)).body).toEqual({ floor: 1010, more: false, revision: 1013 });
      expect(await revisions({ limit: 5 })).toEqual([1010, 1011, 1012, 1013]);
      expect(await verify()).toMatchObject({ entries: 4, problems: [], revision: 1013 });
    });
  });
});

describe("pruning does not hide what an attacker changed in the database", () => {
  let database: FileDatabase;
  let service: TestService;
  let now = START;
  beforeEach(async () => {
    now = START;
    database = await fileDatabase();
    service = await openService(database, () => now);
    for (const path of ["a", "a", "a", "b"]) {
      await service.post(SECRETS, { path, values: {} });
    }
    now += 9 * DAY;
    for (const path of ["a", "b", "a"]) await service.post(SECRETS, { path, values: {} });
  });
  afterEach(() => database.close());

  const prune = async () => await service.post("/v1/audit?action=prune", { days: 7 });
  const floor = async () => (await database.client.execute("SELECT audit_floor FROM store")).rows[0]?.["audit_floor"];

  it("refuses to prune over a gap", async () => {
    await database.client.execute("DELETE FROM audit WHERE revision = 2");
    expect((await prune()).status).toBe(500);
    expect(service.log).toMatchObject([
      { reason: "seal_inconsistent", detail: expect.stringContaining("cannot prune") },
    ]);
    expect(await floor()).toBe(0);
  });

  it("refuses to prune by an altered time", async () => {
    await database.client.execute(`UPDATE audit SET at = ${START}, worker_at = ${START} WHERE revision > 4`);
    expect((await prune()).status).toBe(500);
    expect(await floor()).toBe(0);
  });

  it("does not raise the floor to a recent revision at which an old entry was put", async () => {
    // The entry is old and authentic, but no later entry confirms it at this revision.
    await database.client.execute("DELETE FROM audit WHERE revision IN (5, 6)");
    await database.client.execute("UPDATE audit SET revision = 5 WHERE revision = 4");
    // The last entry that a later one confirms is the third.
    await prune();
    expect(await floor()).toBe(3);
    const { body } = await service.post("/v1/audit?action=verify", {});
    expect(body["problems"]).not.toEqual([]);
  });

  it("refuses to prune over an entry that was removed and replaced by another one", async () => {
    await prune();
    expect(await floor()).toBe(4);
    for (const path of ["x", "x", "y", "x", "y"]) await service.post(SECRETS, { path, values: {} });
    now += 9 * DAY;
    await service.post(SECRETS, { path: "z", values: {} });
    // Removes the second entry of x.
    await database.client.execute("DELETE FROM audit WHERE revision = 10");
    const before = (await service.post("/v1/audit?action=verify", {})).body["problems"];
    expect(before).not.toEqual([]);
    expect((await prune()).status).toBe(500);
    expect((await service.post("/v1/audit?action=verify", {})).body["problems"]).toEqual(before);
  });

  it("checks a chain above the floor against the entry that was kept below it", async () => {
    // Revision 3 is the newest entry of a up to the floor. It stays until a newer entry replaces it.
    await service.post(SECRETS, { path: "c", values: {} });
    now += 9 * DAY;
    await prune();
    const floored = Number(await floor());
    await service.post(SECRETS, { path: "c", values: {} });
    await service.post(SECRETS, { path: "c", values: {} });
    now += 9 * DAY;
    await service.post(SECRETS, { path: "d", values: {} });
    const revision = await database.client.execute(
      `SELECT min(revision) AS r FROM audit WHERE resource = 'secret:c' AND revision > ${floored}`,
    );
    const cut = Number(revision.rows[0]?.["r"]);
    // Removed, and the entry of the pruning moved into its place: no gap, but the chain of c is broken.
    await database.client.execute(`DELETE FROM audit WHERE revision = ${cut}`);
    await database.client.execute(`UPDATE audit SET revision = ${cut} WHERE revision = ${cut - 1}`);
    await database.client.execute(
      `INSERT INTO audit SELECT ${cut - 1}, write_id || 'x', request, at, worker_at, spiffe_id, action, resource, seq, prev, base, anchor, epoch, state, leads_to, outcome, trace_id, key_id, mac FROM audit WHERE revision = ${cut - 2}`,
    );
    expect((await service.post("/v1/audit?action=verify", {})).body["problems"]).not.toEqual([]);
    const { status } = await prune();
    const { body } = await service.post("/v1/audit?action=verify", {});
    expect([status, body["problems"]]).not.toEqual([200, []]);
  });

  it("lists an altered entry, whatever its contents", async () => {
    await database.client.execute(
      "UPDATE audit SET at = 9000000000000000, worker_at = -1, outcome = '{' WHERE revision = 2",
    );
    const { status, body } = await service.post("/v1/audit?action=list", { limit: 3 });
    expect(status).toBe(200);
    expect(body["entries"]).toMatchObject([
      { authentic: true },
      { authentic: false, time: "9000000000000000", workerTime: "1969-12-31T23:59:59.999Z", outcome: "{" },
      { authentic: true },
    ]);
  });

  it("refuses every request after the floor was lowered or raised", async () => {
    await prune();
    expect(await floor()).toBe(4);
    for (const forged of [0, 6]) {
      await database.client.execute(`UPDATE store SET audit_floor = ${forged}`);
      expect((await service.post(`${SECRETS}?action=get`, { path: "a" })).status).toBe(500);
      expect((await service.post("/v1/audit?action=verify", {})).body["problems"]).toMatchObject([
        { resource: "store", kind: "not_authentic" },
      ]);
    }
  });
});

describe("verification finds a revocation that was undone in the database", () => {
  const POLICY = "/v1/acl/policy";
  const policy = { name: "w", spiffeidPattern: "^spiffe://spike\\.ist/w$", pathPattern: "^a$", permissions: ["read"] };
  let database: FileDatabase;
  let service: TestService;
  let now = START;
  beforeEach(async () => {
    now = START;
    database = await fileDatabase();
    service = await openService(database, () => now);
  });
  afterEach(() => database.close());

  const sql = async (...statements: string[]) => {
    for (const statement of statements) await database.client.execute(statement);
  };
  const put = async (path: string) => expect((await service.post(SECRETS, { path, values: {} })).status).toBe(200);
  const read = async () => (await (await service.as("/w"))(`${SECRETS}?action=get`, { path: "a" })).status;
  const verify = async () => (await service.post("/v1/audit?action=verify", {})).body;
  const kinds = async () => ((await verify())["problems"] as { kind: string }[]).map(({ kind }) => kind);
  const revoke = async () => {
    await sql("CREATE TABLE old AS SELECT * FROM policies");
    expect((await service.post(`${POLICY}?action=delete`, { id: "w" })).status).toBe(200);
    expect(await read()).toBe(401);
  };

  it("by removing its entry, so that later commits take its revision", async () => {
    await put("a");
    await service.post(POLICY, policy);
    await revoke();
    const { newest } = await verify();
    await sql(
      "DELETE FROM audit WHERE revision = 3",
      "UPDATE store SET revision = 2",
      "INSERT INTO policies SELECT * FROM old",
    );
    expect(await kinds()).toEqual(["broken_epoch", "inconsistent"]);
    await put("b");
    await put("c");
    expect(await kinds()).toContain("broken_epoch");
    // An operator who kept revision and MAC sees it at once.
    const { body } = await service.post("/v1/audit?action=list", { after: 2, limit: 1 });
    expect(body["entries"]).not.toMatchObject([{ mac: newest }]);
  });

  it("by moving an old entry to its revision", async () => {
    await put("filler");
    await put("a");
    await service.post(POLICY, policy);
    now += 9 * DAY;
    await put("x");
    await service.post("/v1/audit?action=prune", { days: 7 });
    expect(await kinds()).toEqual([]);
    await revoke();
    await sql(
      "DELETE FROM audit WHERE resource = 'policy:w' AND action = 'delete'",
      "UPDATE audit SET revision = (SELECT revision FROM store) WHERE resource = 'secret:filler'",
      "INSERT INTO policies SELECT * FROM old",
    );
    expect(await kinds()).toContain("broken_epoch");
  });
});

describe("entries under a key that has left the ring", () => {
  let database: FileDatabase;
  let now = START;
  beforeEach(async () => {
    now = START;
    database = await fileDatabase();
  });
  afterEach(() => database.close());

  const withRing = async (...keys: readonly string[]) =>
    await openService(database, () => now, { ring: await ringOf(...keys) });
  /** Entries 1 to 3 under the old key, then the registration and a rewrap under the new key, and ten days later two more. */
  const rotated = async (): Promise<TestService> => {
    const old = await withRing(KEY_A);
    for (const path of ["a", "a", "a"]) await old.post(SECRETS, { path, values: {} });
    const both = await withRing(KEY_B, KEY_A);
    await both.post("/v1/operator/register", { keyId: "b" });
    await both.post("/v1/operator/rewrap", { after: "secret::" });
    now += 10 * DAY;
    const alone = await withRing(KEY_B);
    for (const path of ["b", "c"]) await alone.post(SECRETS, { path, values: {} });
    return alone;
  };
  const prune = async (by: TestService) => (await by.post("/v1/audit?action=prune", { days: 7 })).body;

  it("are pruned together with the entries that follow them", async () => {
    const alone = await rotated();
    expect(await prune(alone)).toEqual({ floor: 5, more: false, revision: 8 });
    const { body } = await alone.post("/v1/audit?action=verify", {});
    expect(body).toMatchObject({ problems: [], entries: 5 });
    expect(body).not.toHaveProperty("unverified");
  });

  it.each([
    ["claims a key that was never registered", "UPDATE audit SET key_id = 'zzz' WHERE revision = 2"],
    ["claims an impossible base", "UPDATE audit SET base = 2 WHERE revision = 2"],
    ["lost the row of its key", "DELETE FROM keys WHERE key_id = 'a'"],
  ])("stop the pruning if one of them %s (Q04)", async (_, change) => {
    const alone = await rotated();
    await database.client.execute(change);
    expect((await alone.post("/v1/audit?action=prune", { days: 7 })).status).toBe(500);
    expect(alone.log).toMatchObject([{ reason: "seal_inconsistent", detail: expect.stringContaining("cannot prune") }]);
    expect((await alone.post("/v1/audit?action=list", {})).body["entries"]).toHaveLength(7);
  });

  it("cannot be forged to prune recent entries: their times are not trusted", async () => {
    const alone = await rotated();
    now += DAY;
    await alone.post(SECRETS, { path: "d", values: {} });
    // Recent entries are changed to look old, under a key that the ring does not have.
    await database.client.execute({
      sql: "UPDATE audit SET key_id = 'a', at = ?, worker_at = ? WHERE revision IN (6, 7)",
      args: [START, START],
    });
    // Nor do they confirm the entry before them.
    expect(await prune(alone)).toMatchObject({ floor: 4 });
    const { body } = await alone.post("/v1/audit?action=verify", {});
    expect(body).toMatchObject({ unverified: [{ keyId: "a", entries: 2 }] });
  });
});
