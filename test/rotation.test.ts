import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildChange } from "../src/commit/build-change.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { BulkStore } from "../src/store/store.ts";
import { PATIENT } from "./harness/attempts.ts";
import { countingStore } from "./harness/counting-store.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { testDomain } from "./harness/identity.ts";
import { KEY_A, KEY_B, ringOf, type TestAnswer, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const WORKLOAD = { spiffeidPattern: "^spiffe://spike\\.ist/app$", pathPattern: "^app/", permissions: ["read"] };

/** Rewraps all pages, like the command of the CLI. */
async function rewrapAll(by: TestService, limit = 100): Promise<{ rewrapped: number; lost: number; failed: string[] }> {
  const total = { rewrapped: 0, lost: 0, failed: [] as string[] };
  let after: string | undefined = "";
  while (after !== undefined) {
    const answer: TestAnswer = await by.post("/v1/operator/rewrap", { after, limit });
    expect(answer.status, JSON.stringify(by.log)).toBe(200);
    const page = answer.body as unknown as typeof total & { next?: string };
    total.rewrapped += page.rewrapped;
    total.lost += page.lost;
    total.failed.push(...page.failed);
    after = page.next;
  }
  return total;
}

interface Rows {
  readonly keyId: string;
  readonly rows: Readonly<Record<string, number>>;
  readonly auditEntries: number;
}

async function statusOf(
  by: TestService,
): Promise<{ storeId: string; primary: string; first: string; keys: readonly Rows[] }> {
  const { status, body } = await by.post("/v1/operator/status", {});
  expect(status, JSON.stringify(by.log)).toBe(200);
  return body as unknown as { storeId: string; primary: string; first: string; keys: readonly Rows[] };
}

const rowsOf = (status: { readonly keys: readonly Rows[] }, keyId: string) =>
  status.keys.find((key) => key.keyId === keyId);
const NO_ROWS = { secrets: 0, policies: 0, bundles: 0, store: 0 };

/** One row of every kind: a secret with history, a policy, a bundle, and one deleted row of each. */
async function fillStore(by: TestService): Promise<void> {
  const partner = await testDomain("partner.org");
  const send = async (target: string, body: object) => expect((await by.post(target, body)).status).toBe(200);
  for (const v of ["one", "two", "three"]) await send(SECRETS, { path: "app/a", values: { v } });
  await send(`${SECRETS}?action=delete`, { path: "app/a", versions: [2] });
  await send(SECRETS, { path: "app/b", values: { v: "b" } });
  await send("/v1/acl/policy", { name: "app", ...WORKLOAD });
  await send("/v1/acl/policy", { name: "gone", ...WORKLOAD });
  await send("/v1/acl/policy?action=delete", { id: "gone" });
  await send("/v1/trust/bundle", { trustDomain: "partner.org", bundle: { ...partner.bundle, spiffe_sequence: 7 } });
  await send("/v1/trust/bundle", { trustDomain: "gone.org", bundle: { keys: [] } });
  await send("/v1/trust/bundle?action=delete", { trustDomain: "gone.org" });
}

describe.each(["memory", "libsql"])("rotation of a root key in the %s store", (kind) => {
  let database: FileDatabase | undefined;
  let store: BulkStore;
  let old: TestService;
  let both: TestService;
  const withRing = async (...keys: readonly string[]) => await testService(store, { ring: await ringOf(...keys) });
  beforeEach(async () => {
    database = kind === "libsql" ? await fileDatabase() : undefined;
    store = database ? libsqlStore(database.execute) : memoryStore({ storeId: "s", now: Date.now });
    old = await withRing(KEY_A);
    await fillStore(old);
    both = await withRing(KEY_B, KEY_A);
  });
  afterEach(() => database?.close());

  it("makes every worker write under the new key once it is registered, and not before", async () => {
    const put = async (path: string) => expect((await both.post(SECRETS, { path, values: {} })).status).toBe(200);
    await put("app/before");
    expect(await statusOf(both)).toMatchObject({ primary: "a", first: "b" });
    expect(rowsOf(await statusOf(both), "b")).toMatchObject({ inRing: true, registered: false, rows: NO_ROWS });

    const registered = await both.post("/v1/operator/register", { keyId: "b" });
    expect(registered).toMatchObject({ status: 200, body: { keyId: "b" } });
    await put("app/after");
    const status = await statusOf(both);
    const { storeId } = (await store.load({}, PATIENT.deadline)).store;
    expect(storeId).toMatch(kind === "memory" ? /^s$/ : /^[\da-f]{32}$/);
    expect(status).toMatchObject({ storeId, primary: "b", first: "b" });
    expect(rowsOf(status, "b")).toMatchObject({ registered: true, rows: { ...NO_ROWS, secrets: 1, store: 1 } });
    expect(rowsOf(status, "a")).toMatchObject({ rows: { secrets: 3, policies: 1, bundles: 1, store: 0 } });
    // A worker without the new key must not serve what it cannot verify.
    expect((await old.post(SECRETS, { path: "app/late", values: {} })).status).toBe(500);
    expect(old.log.at(-1)).toMatchObject({ reason: "seal_unknown_key", detail: expect.stringContaining('"b"') });
    // Registering it again changes nothing.
    const again = await both.post("/v1/operator/register", { keyId: "b" });
    expect(again.body).toEqual({ keyId: "b", revision: Number(registered.body["revision"]) + 1 });
  });

  it("registers a key by its id, so that a worker without it reports that", async () => {
    for (const [by, keyId] of [
      [both, "a"],
      [both, "c"],
      [both, ""],
      [old, "b"],
    ] as const) {
      expect(await by.post("/v1/operator/register", { keyId })).toMatchObject({
        status: 409,
        body: { err: "key_not_first" },
      });
    }
    expect(await both.post("/v1/operator/rewrap", {})).toMatchObject({
      status: 409,
      body: { err: "key_not_primary" },
    });
    expect(rowsOf(await statusOf(both), "b")).toMatchObject({ registered: false });
  });

  it("moves all rows without downtime, so that the old key can be removed (K22)", async () => {
    const before = await Promise.all(
      [1, 2, 3].map(async (version) => (await old.post(`${SECRETS}?action=get`, { path: "app/a", version })).text),
    );
    const metadata = (await old.post(`${SECRETS}/metadata?action=get`, { path: "app/a" })).text;
    const policy = (await old.post("/v1/acl/policy?action=get", { id: "app" })).body;
    await both.post("/v1/operator/register", { keyId: "b" });
    expect(await rewrapAll(both)).toEqual({ rewrapped: 4, lost: 0, failed: [] });
    const status = await statusOf(both);
    expect(rowsOf(status, "a")).toMatchObject({ rows: NO_ROWS });
    expect(rowsOf(status, "a")?.auditEntries).toBeGreaterThan(9);
    expect(rowsOf(status, "b")).toMatchObject({
      rows: { secrets: 2, policies: 1, bundles: 1, store: 1 },
      auditEntries: 5,
    });

    const alone = await withRing(KEY_B);
    const after = await Promise.all(
      [1, 2, 3].map(async (version) => (await alone.post(`${SECRETS}?action=get`, { path: "app/a", version })).text),
    );
    expect(after).toEqual(before);
    expect((await alone.post(`${SECRETS}/metadata?action=get`, { path: "app/a" })).text).toBe(metadata);
    const { version, revision: _, ...rules } = policy;
    expect((await alone.post("/v1/acl/policy?action=get", { id: "app" })).body).toMatchObject(rules);
    expect(version).toBeGreaterThan(0);
    const headers = { authorization: `Bearer ${await alone.domain.token("/app")}` };
    const read = await alone.post(`${SECRETS}?action=get`, { path: "app/b" }, { headers });
    expect(read.body).toEqual({ data: { v: "b" } });
    // Deleted names can be used again, and a bundle's sequence still never decreases.
    expect((await alone.post("/v1/acl/policy", { name: "gone", ...WORKLOAD })).status).toBe(200);
    expect((await alone.post("/v1/trust/bundle", { trustDomain: "gone.org", bundle: { keys: [] } })).status).toBe(200);
    const outdated = { trustDomain: "partner.org", bundle: { keys: [], spiffe_sequence: 6 } };
    expect((await alone.post("/v1/trust/bundle", outdated)).body).toEqual({ err: "bundle_outdated" });
    expect((await alone.post(SECRETS, { path: "app/a", values: { v: "four" } })).body).toMatchObject({ version: 4 });
    expect((await alone.fetch(new Request("http://edge.test/readyz"))).status).toBe(200);
    expect(alone.log).toEqual([]);
  });

  it("keeps the audit complete", async () => {
    await both.post("/v1/operator/register", { keyId: "b" });
    await rewrapAll(both);
    const { body } = await both.post("/v1/audit?action=verify", {});
    expect(body).toMatchObject({ problems: [] });
    expect(body["entries"]).toBe(body["revision"]);
    const entries = (await both.post("/v1/audit?action=list", { resource: "secret:app/a" })).body["entries"];
    expect((entries as object[]).at(-1)).toMatchObject({ action: "rewrap", keyId: "b", authentic: true });
  });

  it("keeps audit entries under the old key: without that key it counts them, and reports missing ones", async () => {
    await both.post("/v1/operator/register", { keyId: "b" });
    await rewrapAll(both);
    const alone = await withRing(KEY_B);
    const verify = async () => (await alone.post("/v1/audit?action=verify", {})).body;
    const { entries, unverified, problems } = await verify();
    expect(problems).toEqual([]);
    expect(unverified).toEqual([{ keyId: "a", entries: Number(entries) - 5 }]);
    // Nothing is pruned because of entries that cannot be verified.
    expect((await alone.post("/v1/audit?action=prune", { days: 7 })).body).toMatchObject({ floor: 0, more: false });
    if (database === undefined) return;
    await database.client.execute("DELETE FROM audit WHERE revision = 3");
    const kinds = ((await verify())["problems"] as { kind: string }[]).map(({ kind }) => kind);
    expect(kinds).toContain("gap");
  });

  it("continues in pages of any size and does nothing twice", async () => {
    await both.post("/v1/operator/register", { keyId: "b" });
    const first = await both.post("/v1/operator/rewrap", { after: "secret::", limit: 1 });
    expect(first.body).toMatchObject({ primary: "b", rewrapped: 1, lost: 0, failed: [], next: "secret:a:app/a" });
    expect(await rewrapAll(both, 1)).toMatchObject({ rewrapped: 3 });
    expect(await rewrapAll(both, 3)).toMatchObject({ rewrapped: 0 });
    for (const after of ["secret", "secret:a", "x::", "Secret::"]) {
      expect((await both.post("/v1/operator/rewrap", { after })).status, after).toBe(400);
    }
    for (const limit of [0, 101, -1]) expect((await both.post("/v1/operator/rewrap", { limit })).status).toBe(400);
  });

  it("returns to the old key in the same way: it is registered again, then all rows are moved", async () => {
    await both.post("/v1/operator/register", { keyId: "b" });
    await rewrapAll(both);
    const back = await withRing(KEY_A, KEY_B);
    expect(await statusOf(back)).toMatchObject({ primary: "b", first: "a" });
    expect((await back.post("/v1/operator/register", { keyId: "a" })).status).toBe(200);
    expect(await statusOf(back)).toMatchObject({ primary: "a", first: "a" });
    expect(await rewrapAll(back)).toMatchObject({ rewrapped: 4, lost: 0 });
    expect(rowsOf(await statusOf(back), "b")).toMatchObject({ rows: NO_ROWS });
    expect((await back.post("/v1/audit?action=verify", {})).body).toMatchObject({ problems: [] });
  });

  it("loses a row to a concurrent write, and neither change is lost", async () => {
    await both.post("/v1/operator/register", { keyId: "b" });
    let interfered = false;
    const busy: BulkStore = {
      load: async (query, signal) => await store.load(query, signal),
      commit: async (change, query, signal) => await store.commit(change, query, signal),
      async commitEach(changes, query, signal) {
        if (!interfered) {
          interfered = true;
          await both.post(SECRETS, { path: "app/a", values: { v: "meanwhile" } });
        }
        return await store.commitEach(changes, query, signal);
      },
    };
    const racing = await testService(busy, { ring: await ringOf(KEY_B, KEY_A) });
    expect(await rewrapAll(racing)).toMatchObject({ rewrapped: 3, lost: 1, failed: [] });
    expect((await both.post(`${SECRETS}?action=get`, { path: "app/a" })).body).toEqual({ data: { v: "meanwhile" } });
    expect(rowsOf(await statusOf(both), "a")).toMatchObject({ rows: NO_ROWS });
  });

  it("rewraps each batch on the state that other writers left: epoch, audit floor and everything else", async () => {
    const rules = { spiffeidPattern: "^spiffe://spike\\.ist/x$", pathPattern: "^x$", permissions: ["read"] };
    for (let n = 0; n < 30; n += 1) await old.post("/v1/acl/policy", { name: `many-${n}`, ...rules });
    await both.post("/v1/operator/register", { keyId: "b" });
    const ring = await ringOf(KEY_B, KEY_A);
    const signal = new AbortController().signal;
    let batches = 0;
    const busy: BulkStore = {
      load: async (query, signal) => await store.load(query, signal),
      commit: async (change, query, signal) => await store.commit(change, query, signal),
      async commitEach(changes, query, signal) {
        batches += 1;
        const done = await store.commitEach(changes, query, signal);
        return batches === 1 ? { ...done, snapshot: await raiseFloor(query) } : done;
      },
    };
    // Like a prune between the commit and its answer.
    const raiseFloor = async <Q extends object>(query: Q) => {
      const snapshot = await store.load({}, signal);
      const floor = 1;
      const write = {
        caller: "c",
        traceId: "t",
        action: "prune",
        resource: "audit",
        request: { label: "r", fields: [] },
      };
      const verdict = { ok: true, change: { prune: { above: 0, floor } }, authority: { auditFloor: floor } } as const;
      const place = { writeId: "prune", seq: 1, ring, time: snapshot.now };
      const at = { write, place, tail: undefined, snapshot, rests: [], attempts: PATIENT };
      const change = await buildChange({ ...verdict, outcome: {} }, at);
      const result = await store.commit(change, query, signal);
      expect(result.won).toBe(true);
      return await store.load(query, signal);
    };
    const racing = await testService(busy, { ring });
    const page = await racing.post("/v1/operator/rewrap", { after: "policy::" });
    expect(page.body).toMatchObject({ rewrapped: 31, lost: 0, failed: [] });
    expect(batches).toBe(2);
    expect((await both.post("/v1/audit?action=verify", {})).body).toMatchObject({ problems: [] });
    expect((await both.post("/v1/acl/policy?action=get", { id: "many-29" })).status).toBe(200);
    expect((await store.load({}, signal)).store.auditFloor).toBe(1);
  });

  it("does not sign a state that the database forges between two batches", async () => {
    const rules = { spiffeidPattern: "^spiffe://spike\\.ist/x$", pathPattern: "^x$", permissions: ["read"] };
    for (let n = 0; n < 30; n += 1) await old.post("/v1/acl/policy", { name: `many-${n}`, ...rules });
    await both.post("/v1/operator/register", { keyId: "b" });
    const forging: BulkStore = {
      load: async (query, signal) => await store.load(query, signal),
      commit: async (change, query, signal) => await store.commit(change, query, signal),
      async commitEach(changes, query, signal) {
        const { revisions, snapshot } = await store.commitEach(changes, query, signal);
        return { revisions, snapshot: { ...snapshot, store: { ...snapshot.store, auditFloor: 5 } } };
      },
    };
    const service = await testService(forging, { ring: await ringOf(KEY_B, KEY_A) });
    expect((await service.post("/v1/operator/rewrap", { after: "policy::" })).status).toBe(500);
    expect(service.log).toMatchObject([{ reason: "seal_not_authentic" }]);
    expect(await rewrapAll(both)).toMatchObject({ lost: 0, failed: [] });
  });

  it("takes two round trips per page of 25 rows", async () => {
    await both.post("/v1/operator/register", { keyId: "b" });
    const counted = countingStore(store);
    let bulkCommits = 0;
    const counting: BulkStore = {
      load: async (query, signal) => await counted.load(query, signal),
      commit: async (change, query, signal) => await counted.commit(change, query, signal),
      commitEach: async (changes, query, signal) => (
        (bulkCommits += 1),
        await store.commitEach(changes, query, signal)
      ),
    };
    const service = await testService(counting, { ring: await ringOf(KEY_B, KEY_A) });
    const answer = await service.post("/v1/operator/rewrap", { after: "secret::" });
    expect(answer.body).toMatchObject({ rewrapped: 2 });
    expect([counted.trips, bulkCommits]).toEqual([1, 1]);
  });

  it("skips and names a row that does not verify, and moves all others", async () => {
    if (database === undefined) return;
    await database.client.execute("UPDATE secrets SET latest = latest + 1 WHERE path = 'app/a'");
    await database.client.execute("UPDATE policies SET created_at = 1 WHERE name = 'app'");
    await both.post("/v1/operator/register", { keyId: "b" });
    expect(await rewrapAll(both, 1)).toEqual({ rewrapped: 2, lost: 0, failed: ["secret:app/a", "policy:app"] });
    expect(both.log).toMatchObject([
      { event: "row_not_rewrapped", reason: "seal_not_authentic", detail: expect.stringContaining("secret:app/a") },
      { event: "row_not_rewrapped", reason: "seal_not_authentic", detail: expect.stringContaining("policy:app") },
    ]);
    expect(rowsOf(await statusOf(both), "a")).toMatchObject({ rows: { ...NO_ROWS, secrets: 1, policies: 1 } });
  });

  it("never treats a hidden row as deleted, before or after it was rewrapped", async () => {
    if (database === undefined) return;
    const get = async () => (await both.post("/v1/acl/policy?action=get", { id: "app" })).status;
    const expectMissing = async () => {
      both.log.length = 0;
      expect(await get()).toBe(500);
      expect(both.log).toMatchObject([{ reason: "seal_inconsistent", detail: 'policy "app" is missing' }]);
    };
    await database.client.execute("CREATE TABLE kept AS SELECT * FROM policies WHERE name = 'app'");
    await database.client.execute("DELETE FROM policies WHERE name = 'app'");
    await both.post("/v1/operator/register", { keyId: "b" });
    expect(await rewrapAll(both)).toMatchObject({ rewrapped: 3, lost: 0, failed: [] });
    await expectMissing();
    // A forged deletion in the audit does not help the database.
    await database.client.execute("UPDATE audit SET action = 'delete' WHERE resource = 'policy:app'");
    await expectMissing();
    await database.client.execute("UPDATE audit SET action = 'put' WHERE resource = 'policy:app'");

    await database.client.execute("INSERT INTO policies SELECT * FROM kept");
    expect(await get()).toBe(200);
    expect(await rewrapAll(both)).toMatchObject({ rewrapped: 1, failed: [] });
    expect(await get()).toBe(200);
    // The row under the old key, put back after the rewrap, is not the one that the trie contains.
    await database.client.execute("DELETE FROM policies WHERE name = 'app'");
    await expectMissing();
    await database.client.execute("INSERT INTO policies SELECT * FROM kept");
    expect(await get()).toBe(500);
    expect((await rewrapAll(both)).failed).toEqual(["policy:app"]);
    expect(both.log.at(-1)).toMatchObject({ event: "row_not_rewrapped", reason: "seal_inconsistent" });
  });

  it("logs one clear line and answers 500 if the old key is removed too early", async () => {
    await both.post("/v1/operator/register", { keyId: "b" });
    const early = await withRing(KEY_B);
    const get = await early.post(`${SECRETS}?action=get`, { path: "app/a" });
    expect(get).toMatchObject({ status: 500, body: { data: null, err: "api_internal_error" } });
    expect(early.log).toMatchObject([{ reason: "seal_unknown_key", detail: 'key id "a" is not in the ring' }]);
    // The worker cannot find the caller's policies, so "denied" would be wrong.
    early.log.length = 0;
    const headers = { authorization: `Bearer ${await early.domain.token("/app")}` };
    for (const target of [`${SECRETS}?action=get`, `${SECRETS}?action=list`]) {
      const body = target.endsWith("get") ? { path: "app/b" } : {};
      expect((await early.post(target, body, { headers })).status, target).toBe(500);
      const detail = 'policies depend on key id "a", which is not in the ring';
      expect(early.log.splice(0), target).toMatchObject([{ reason: "seal_unknown_key", detail }]);
    }
    expect((await early.fetch(new Request("http://edge.test/readyz"))).status).toBe(503);
  });
});
