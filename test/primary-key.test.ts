import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deriveKeyRing, type KeyRing } from "../src/seal/key-ring.ts";
import { fixedKeys } from "../src/seal/key-source.ts";
import { combineShares } from "../src/seal/shamir.ts";
import { libsqlStore } from "../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { BulkStore, Change, Query } from "../src/store/store.ts";
import { type FileDatabase, fileDatabase } from "./harness/file-database.ts";
import { KEY_A, KEY_B, ringOf, type TestAnswer, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const POLICY = "/v1/acl/policy";
const REGISTER = "/v1/operator/register";
const KEY_C = `c:${Buffer.alloc(32, 0x33).toString("base64url")}`;
const RULES = { spiffeidPattern: "^spiffe://spike\\.ist/app$", pathPattern: "^app/", permissions: ["read"] };

const signal = new AbortController().signal;
const rootOf = (key: string) => Uint8Array.from(Buffer.from(key.slice(key.indexOf(":") + 1), "base64url"));
/** The same key under another id. */
const renamed = (id: string, key: string) => `${id}:${key.slice(key.indexOf(":") + 1)}`;

/** Unlike the settings, accepts one key under two ids. */
async function uncheckedRing(first: string, ...rest: readonly string[]): Promise<KeyRing> {
  const parse = (key: string) => ({ id: key.slice(0, key.indexOf(":")), bytes: rootOf(key) });
  return await deriveKeyRing([parse(first), ...rest.map(parse)]);
}

/** A store that calls `before` once, just before its first commit. */
function interrupted(store: BulkStore, before: () => Promise<unknown>): BulkStore {
  let pending: (() => Promise<unknown>) | undefined = before;
  const interrupt = async () => {
    const run = pending;
    pending = undefined;
    await run?.();
  };
  return {
    load: async (query, signal) => await store.load(query, signal),
    async commit<Q extends Query>(change: Change, query: Q, signal: AbortSignal) {
      await interrupt();
      return await store.commit(change, query, signal);
    },
    commitEach: async (changes, query, signal) => await store.commitEach(changes, query, signal),
  };
}

describe.each(["memory", "libsql"])("the primary root key in the %s store", (kind) => {
  let database: FileDatabase | undefined;
  let store: BulkStore;
  beforeEach(async () => {
    database = kind === "libsql" ? await fileDatabase() : undefined;
    store = database ? libsqlStore(database.execute) : memoryStore({ storeId: "s", now: Date.now });
  });
  afterEach(() => database?.close());

  const withRing = async (...keys: readonly string[]) =>
    await testService(store, { keys: await fixedKeys(keys.join(",")) });
  const succeed = async (answer: Promise<TestAnswer>) => {
    const { status, body, text } = await answer;
    expect(status, text).toBe(200);
    return body;
  };
  const state = async () => {
    const { now: _, ...snapshot } = await store.load({ audit: { after: 0, limit: 999 }, keyCounts: {} }, signal);
    return { ...snapshot, audit: snapshot.audit.rows };
  };
  const primary = async () => (await store.load({}, signal)).store.keyId;
  const newestKeyId = async () => (await state()).audit.at(-1)?.keyId;
  const verify = async (by: TestService) => await succeed(by.post("/v1/audit?action=verify", {}));

  describe("after a rotation from a to b", () => {
    beforeEach(async () => {
      const old = await withRing(KEY_A);
      await succeed(old.post(SECRETS, { path: "app/a", values: { v: "old" } }));
      await succeed((await withRing(KEY_B, KEY_A)).post(REGISTER, { keyId: "b" }));
    });

    it.each([
      ["the new key first", [KEY_B, KEY_A]],
      ["the new key alone", [KEY_B]],
      ["the old key first", [KEY_A, KEY_B]],
      ["a third key first", [KEY_C, KEY_A, KEY_B]],
      ["the new key last, behind the old and a third one", [KEY_A, KEY_C, KEY_B]],
    ])("is b for a worker that has %s (Q06)", async (_, keys) => {
      const worker = await withRing(...keys);
      const { epoch } = (await state()).store;
      const writes: readonly (readonly [string, object])[] = [
        [SECRETS, { path: "app/new", values: { v: "new" } }],
        [`${SECRETS}?action=delete`, { path: "app/new" }],
        [POLICY, { name: "p", ...RULES }],
        [`${POLICY}?action=delete`, { id: "p" }],
        ["/v1/trust/bundle", { trustDomain: "partner.org", bundle: { keys: [] } }],
      ];
      for (const [target, body] of writes) {
        await succeed(worker.post(target, body));
        expect([await primary(), await newestKeyId()], target).toEqual(["b", "b"]);
      }
      expect((await state()).store.epoch).toBe(epoch + 3);
      expect(await succeed(worker.post("/v1/operator/status", {}))).toMatchObject({ primary: "b" });

      const alone = await withRing(KEY_B);
      const sealed = await succeed(worker.post("/v1/cipher/encrypt", { plaintext: "eA==" }));
      expect(await succeed(alone.post("/v1/cipher/decrypt", sealed))).toEqual({ plaintext: "eA==" });
      const recover = await worker.as("/spike/pilot/role/recover");
      const { shards } = await succeed(recover("/v1/operator/recover", {}));
      const shares = Object.entries(shards as Record<string, number[]>).map(([id, value]) => ({
        id: Number(id),
        value: Uint8Array.from(value),
      }));
      expect(combineShares(shares, 2)).toMatchObject({ ok: true, key: rootOf(KEY_B) });
      const restore = await worker.as("/spike/pilot/role/restore");
      await succeed(restore("/v1/operator/restore", { id: 1, shard: [...shares[0]!.value] }));
      expect(await verify(await withRing(KEY_B, KEY_A))).toMatchObject({ problems: [] });
    });

    it("changes back only by an audited commit that raises the epoch (Q06)", async () => {
      const back = await withRing(KEY_A, KEY_B);
      const before = await state();
      const registered = await succeed(back.post(REGISTER, { keyId: "a" }));
      const after = await state();
      expect(registered).toEqual({ keyId: "a", revision: before.store.revision + 1 });
      expect(after.store).toMatchObject({ keyId: "a", epoch: before.store.epoch + 1 });
      expect(after.keys).toEqual(before.keys);
      expect(await succeed(back.post("/v1/audit?action=list", { resource: "store" }))).toMatchObject({
        entries: [
          { action: "register", outcome: { keyId: "b" }, keyId: "b", authentic: true },
          { action: "register", outcome: { keyId: "a" }, keyId: "a", authentic: true },
        ],
      });
      // A worker that still has b first follows.
      await succeed((await withRing(KEY_B, KEY_A)).post(SECRETS, { path: "app/late", values: {} }));
      expect([await primary(), await newestKeyId()]).toEqual(["a", "a"]);
      expect(await verify(back)).toMatchObject({ problems: [] });
    });

    it("stays as it is, without a commit, if the key in use is registered again (Q06)", async () => {
      const worker = await withRing(KEY_B, KEY_A);
      const before = await state();
      for (const headers of [{}, { "Idempotency-Key": "again" }]) {
        const answer = await succeed(worker.post(REGISTER, { keyId: "b" }, { headers }));
        expect(answer).toEqual({ keyId: "b", revision: before.store.revision });
      }
      expect(await state()).toEqual(before);
    });

    it("registers a key again and again: each change is one entry (Q06)", async () => {
      const workers = { a: await withRing(KEY_A, KEY_B), b: await withRing(KEY_B, KEY_A) };
      for (const keyId of ["a", "b", "a", "a", "b"] as const) {
        await succeed(workers[keyId].post(REGISTER, { keyId }));
        expect(await primary()).toBe(keyId);
      }
      const registered = (await state()).audit.filter(({ action }) => action === "register");
      expect(registered.map(({ outcome }) => (JSON.parse(outcome) as { keyId: string }).keyId)).toEqual([
        "b",
        "a",
        "b",
        "a",
        "b",
      ]);
      expect(await verify(workers.a)).toMatchObject({ problems: [] });
    });

    it.each([
      ["the old key first", [KEY_A, KEY_B]],
      ["a third key first", [KEY_C, KEY_B, KEY_A]],
    ])("is not what rewrap moves rows to if a worker has %s: 409, and nothing moves (Q06)", async (_, keys) => {
      const before = await state();
      expect(await (await withRing(...keys)).post("/v1/operator/rewrap", {})).toMatchObject({
        status: 409,
        body: { err: "key_not_primary" },
      });
      expect(await state()).toEqual(before);
    });

    it.each([
      ["the old key first", [KEY_A, KEY_B], ["warn"]],
      ["a third key first", [KEY_C, KEY_B, KEY_A], ["warn"]],
      ["the new key first", [KEY_B, KEY_A], []],
    ])("is reported by /readyz if a worker has %s (Q06)", async (_, keys, levels) => {
      const worker = await withRing(...keys);
      expect((await worker.fetch(new Request("http://edge.test/readyz"))).status).toBe(200);
      expect(worker.log.map(({ level }) => level)).toEqual(levels);
      expect(worker.log.every(({ event }) => event === "first_key_not_primary")).toBe(true);
    });

    it.runIf(kind === "libsql")(
      "does not go back to a if the database deletes the check value of b (Q06)",
      async () => {
        await database!.client.execute("DELETE FROM keys WHERE key_id = 'b'");
        const worker = await withRing(KEY_B, KEY_A);
        expect((await worker.post(SECRETS, { path: "app/a", values: {} })).status).toBe(500);
        expect(worker.log).toMatchObject([{ reason: "seal_unregistered_key", detail: expect.stringContaining('"b"') }]);
        expect(await primary()).toBe("b");
      },
    );
  });

  describe("during a rotation from a to b", () => {
    beforeEach(async () => {
      await succeed((await withRing(KEY_A)).post(SECRETS, { path: "app/a", values: { v: "old" } }));
    });

    it.each<readonly [string, readonly string[], number, string]>([
      ["has both keys", [KEY_B, KEY_A], 200, "b"],
      ["has both keys in the old order", [KEY_A, KEY_B], 200, "b"],
      ["lacks the new key", [KEY_A], 500, "b"],
    ])("a write that was decided under a loses to the registration if its worker %s (Q06)", async (...row) => {
      const [, keys, status, keyId] = row;
      const other = await withRing(KEY_B, KEY_A);
      const racing = await testService(
        interrupted(store, async () => await succeed(other.post(REGISTER, { keyId: "b" }))),
        { ring: await ringOf(...keys) },
      );
      expect((await racing.post(SECRETS, { path: "app/new", values: {} })).status).toBe(status);
      const { audit } = await state();
      expect(audit.map((entry) => `${entry.resource} ${entry.keyId}`)).toEqual([
        "secret:app/a a",
        "store b",
        ...(status === 200 ? [`secret:app/new ${keyId}`] : []),
      ]);
      expect(await verify(other)).toMatchObject({ problems: [] });
    });

    it("two registrations at the same time: one wins, then the other, each with an entry (Q06)", async () => {
      const back = await withRing(KEY_C, KEY_A, KEY_B);
      const racing = await testService(
        interrupted(store, async () => await succeed(back.post(REGISTER, { keyId: "c" }))),
        { ring: await ringOf(KEY_B, KEY_A, KEY_C) },
      );
      await succeed(racing.post(REGISTER, { keyId: "b" }));
      expect((await state()).audit.map((entry) => `${entry.action} ${entry.keyId}`)).toEqual([
        "put a",
        "register c",
        "register b",
      ]);
      expect(await primary()).toBe("b");
    });

    it("rewrap stops if another key is registered between two batches, and signs nothing under its own (Q06)", async () => {
      const both = await withRing(KEY_B, KEY_A);
      const back = await withRing(KEY_A, KEY_B);
      for (let n = 0; n < 30; n += 1) await succeed(both.post(POLICY, { name: `many-${n}`, ...RULES }));
      await succeed(both.post(REGISTER, { keyId: "b" }));
      let batches = 0;
      const busy: BulkStore = {
        load: async (query, signal) => await store.load(query, signal),
        commit: async (change, query, signal) => await store.commit(change, query, signal),
        async commitEach(changes, query, signal) {
          batches += 1;
          await store.commitEach(changes, {}, signal);
          await succeed(back.post(REGISTER, { keyId: "a" }));
          return await store.commitEach([], query, signal);
        },
      };
      const racing = await testService(busy, { ring: await ringOf(KEY_B, KEY_A) });
      expect(await racing.post("/v1/operator/rewrap", { after: "policy::" })).toMatchObject({
        status: 409,
        body: { err: "key_not_primary" },
      });
      expect([batches, await primary()]).toEqual([1, "a"]);
      expect(await verify(back)).toMatchObject({ problems: [] });
      expect(await succeed(back.post("/v1/operator/rewrap", { after: "policy::" }))).toMatchObject({ rewrapped: 25 });
    });
  });

  describe("is not a registered key under another id", () => {
    const expectRefused = async (ring: KeyRing, keyId: string) => {
      const before = await state();
      const worker = await testService(store, { ring });
      for (const headers of [{}, { "Idempotency-Key": "k" }]) {
        expect(await worker.post(REGISTER, { keyId }, { headers })).toMatchObject({
          status: 409,
          body: { err: "duplicate_key" },
        });
      }
      expect(await state()).toEqual(before);
    };

    it.each<readonly [string, readonly [string, ...string[]]]>([
      ["with the key in use behind it", [renamed("k2", KEY_A), KEY_A]],
      ["with the key in use between others", [renamed("k2", KEY_A), KEY_B, KEY_A, KEY_C]],
      ["with a name that sorts before the first", [renamed("0", KEY_A), KEY_A]],
      ["of a key that was registered but never used", [renamed("k2", KEY_B), KEY_A]],
    ])("%s: 409 `duplicate_key`, and nothing changes (Q05)", async (_, keys) => {
      await succeed((await withRing(KEY_A, KEY_B)).post(SECRETS, { path: "a", values: {} }));
      await expectRefused(await uncheckedRing(...keys), keys[0].split(":")[0]!);
    });

    it("if the key was retired and has left the ring, as after the restore of an old ring (Q05)", async () => {
      await succeed((await withRing(KEY_A)).post(SECRETS, { path: "a", values: {} }));
      const both = await withRing(KEY_B, KEY_A);
      await succeed(both.post(REGISTER, { keyId: "b" }));
      await succeed(both.post("/v1/operator/rewrap", {}));
      await expectRefused(await uncheckedRing(renamed("old", KEY_A), KEY_B), "old");
      // Under its own id, the retired key can be registered again, and the audit shows it.
      const back = await withRing(KEY_A, KEY_B);
      await succeed(back.post(REGISTER, { keyId: "a" }));
      expect((await state()).audit.at(-1)).toMatchObject({ action: "register", outcome: '{"keyId":"a"}' });
    });

    it.runIf(kind === "libsql")("even if the database deletes the check value of the key (Q05)", async () => {
      await succeed((await withRing(KEY_A, KEY_B)).post(SECRETS, { path: "a", values: {} }));
      await database!.client.execute("DELETE FROM keys WHERE key_id = 'b'");
      await expectRefused(await uncheckedRing(renamed("k2", KEY_B), KEY_A, KEY_B), "k2");
    });

    it.each<readonly [string, readonly [string, ...string[]]]>([
      ["the first two", [renamed("k2", KEY_A), KEY_A]],
      ["two keys behind the first", [KEY_B, renamed("k2", KEY_A), KEY_A]],
      ["the first and the last", [KEY_A, KEY_B, KEY_C, renamed("a2", KEY_A)]],
    ])("in the first commit of a store: %s are the same, which no write accepts (Q05)", async (_, keys) => {
      const before = await state();
      const worker = await testService(store, { ring: await uncheckedRing(...keys) });
      expect((await worker.post(SECRETS, { path: "a", values: {} })).status).toBe(500);
      expect((await worker.post(POLICY, { name: "p", ...RULES })).status).toBe(500);
      expect((await worker.post(REGISTER, { keyId: keys[0].split(":")[0] })).status).toBeGreaterThanOrEqual(409);
      expect(worker.log.slice(0, 2)).toMatchObject([
        { reason: "seal_duplicate_key" },
        { reason: "seal_duplicate_key" },
      ]);
      expect(await state()).toEqual(before);
    });

    it.each(["A", "B", "Ｂ", " b", "b "])(
      "ids are compared exactly: %j is not first in the ring (Q05)",
      async (keyId) => {
        await succeed((await withRing(KEY_A)).post(SECRETS, { path: "a", values: {} }));
        const both = await withRing(KEY_B, KEY_A);
        expect(await both.post(REGISTER, { keyId })).toMatchObject({ status: 409, body: { err: "key_not_first" } });
        expect(await primary()).toBe("a");
      },
    );
  });
});
