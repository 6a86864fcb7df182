import { beforeEach, describe, expect, it } from "vitest";
import { fixedKeys, type KeySource } from "../src/seal/key-source.ts";
import { combineShares } from "../src/seal/shamir.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import { StoreUnavailable, type UnavailableCause } from "../src/store/store-unavailable.ts";
import type { BulkStore, Change, Query } from "../src/store/store.ts";
import { countingStore } from "./harness/counting-store.ts";
import { challengeOf, firstShard } from "./harness/key-material.ts";
import { KEY_A, KEY_B, type TestAnswer, type TestService, testService } from "./harness/service.ts";

const RECOVER = "/v1/operator/recover";
const SECRETS = "/v1/store/secrets";
const ROLE = "/spike/pilot/role";
const OUTCOME = { threshold: 2, shares: 3 };
const rootOf = (key: string) => Uint8Array.from(Buffer.from(key.slice(2), "base64url"));
const signal = new AbortController().signal;

/** The key that the shares of an answer restore. */
function keyIn({ body }: TestAnswer): Uint8Array | undefined {
  const shards = Object.entries(body["shards"] as Record<string, number[]>);
  const shares = shards.map(([id, value]) => ({ id: Number(id), value: Uint8Array.from(value) }));
  const combined = combineShares(shares, 2);
  return combined.ok ? combined.key : undefined;
}

describe("a recovery of the root key", () => {
  let store: BulkStore;
  let service: TestService;
  beforeEach(async () => {
    store = memoryStore({ storeId: "s", now: Date.now });
    service = await testService(store);
    await service.post(SECRETS, { path: "a", values: {} });
  });

  const recover = async (by = service, headers: Record<string, string> = {}) =>
    await (
      await by.as(`${ROLE}/recover`)
    )(RECOVER, {}, headers);
  const entries = async (from = store) => {
    const { audit } = await from.load({ audit: { after: 0, limit: 999 } }, signal);
    return audit.rows.filter(({ action }) => action === "recover");
  };
  const revision = async () => (await store.load({}, signal)).store.revision;
  const withKeys = async (...keys: readonly string[]) =>
    await testService(store, { keys: await fixedKeys(keys.join(",")) });
  /** The store, with another `commit`. */
  const committing = (commit: (change: Change) => Promise<void>): BulkStore => ({
    ...store,
    async commit<Q extends Query>(change: Change, query: Q, signal: AbortSignal) {
      await commit(change);
      return await store.commit(change, query, signal);
    },
  });

  it("leaves an entry with its caller, the key and the number of shares, but no share (Q37)", async () => {
    const { epoch } = (await store.load({}, signal)).store;
    const answer = await recover();
    expect(answer.status).toBe(200);
    const listed = await service.post("/v1/audit?action=list", { resource: "root-key" });
    expect(listed.body["entries"]).toMatchObject([
      {
        action: "recover",
        resource: "root-key",
        spiffeId: `spiffe://spike.ist${ROLE}/recover`,
        outcome: { keyId: "a", ...OUTCOME },
        traceId: answer.headers.get("x-request-id"),
        keyId: "a",
        authentic: true,
      },
    ]);
    const texts = Object.values(answer.body["shards"] as Record<string, number[]>).flatMap((share) => [
      share.join(","),
      Buffer.from(share).toString("base64url"),
      Buffer.from(share).toString("hex"),
    ]);
    const recorded = JSON.stringify([listed.body, service.log, service.audit]);
    expect(texts.filter((text) => recorded.includes(text))).toEqual([]);
    // Permissions are as before, so no write in progress loses.
    expect((await store.load({}, signal)).store.epoch).toBe(epoch);
    expect((await service.post("/v1/audit?action=verify", {})).body).toMatchObject({ problems: [], entries: 2 });
  });

  it("is logged as a warning that names the key (Q37)", async () => {
    const answer = await recover();
    expect(service.log).toEqual([
      {
        level: "warn",
        event: "shares_returned",
        requestId: answer.headers.get("x-request-id"),
        detail: 'all shares of key "a"; the audit line has the caller',
      },
    ]);
    expect(service.audit.at(-1)).toMatchObject({ action: "operator.recover", outcome: "ok" });
  });

  it.each([
    ["without Idempotency-Key", [{}, {}]],
    ["with two Idempotency-Keys", [{ "Idempotency-Key": "1" }, { "Idempotency-Key": "2" }]],
    ["with one Idempotency-Key twice", [{ "Idempotency-Key": "1" }, { "Idempotency-Key": "1" }]],
  ])("twice %s returns the same shares twice, with an entry each (Q37)", async (_, [first, second]) => {
    const answers = [await recover(service, first), await recover(service, second)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[1]!.text).toBe(answers[0]!.text);
    expect(await entries()).toHaveLength(2);
    expect(new Set((await entries()).map(({ writeId }) => writeId)).size).toBe(2);
  });

  it("of an empty store is its first commit, and registers the key whose shares it returns (Q37)", async () => {
    store = memoryStore({ storeId: "s", now: Date.now });
    const answer = await recover(await withKeys(KEY_B, KEY_A));
    expect(keyIn(answer)).toEqual(rootOf(KEY_B));
    const { keys, store: row } = await store.load({}, signal);
    expect([row.keyId, keys.map(({ keyId }) => keyId).toSorted()]).toEqual(["b", ["a", "b"]]);
    expect(await entries()).toMatchObject([{ revision: 1, outcome: JSON.stringify({ keyId: "b", ...OUTCOME }) }]);
  });

  it.each<readonly [string, readonly string[], string, string]>([
    ["before a new key is registered", [KEY_B, KEY_A], "", "a"],
    ["after it is registered", [KEY_B, KEY_A], "b", "b"],
    ["after it is registered, with the old key first", [KEY_A, KEY_B], "b", "b"],
  ])("%s names the key whose shares it returns (Q37)", async (_, ring, registered, keyId) => {
    const both = await withKeys(KEY_B, KEY_A);
    if (registered !== "") await both.post("/v1/operator/register", { keyId: registered });
    expect(keyIn(await recover(await withKeys(...ring)))).toEqual(rootOf(keyId === "a" ? KEY_A : KEY_B));
    expect(await entries()).toMatchObject([{ keyId, outcome: JSON.stringify({ keyId, ...OUTCOME }) }]);
  });

  it("that races with a registration returns the shares of the key that its entry names (Q37)", async () => {
    const both = await withKeys(KEY_B, KEY_A);
    let races = 1;
    const racing = committing(async () => {
      races -= 1;
      if (races === 0) await both.post("/v1/operator/register", { keyId: "b" });
    });
    const answer = await recover(await testService(racing, { keys: await fixedKeys(`${KEY_B},${KEY_A}`) }));
    expect(keyIn(answer)).toEqual(rootOf(KEY_B));
    expect(await entries()).toMatchObject([{ keyId: "b", outcome: JSON.stringify({ keyId: "b", ...OUTCOME }) }]);
  });

  it("reads the root key only after its entry is committed (Q37)", async () => {
    const events: string[] = [];
    const keys = await (await fixedKeys(KEY_A)).read();
    if (!keys.ok) throw new Error(keys.problem);
    const source: KeySource = {
      read: async () =>
        await Promise.resolve({ ...keys, roots: () => (events.push(`roots at revision`), keys.roots()) }),
    };
    const observed = committing(async ({ audit }) => void events.push(audit.action));
    expect((await recover(await testService(observed, { keys: source }))).status).toBe(200);
    expect(events).toEqual(["recover", "roots at revision"]);
  });

  it.each<readonly [string, UnavailableCause, "none" | "unknown"]>([
    ["rejects writes", "rejected", "none"],
    ["is down", "connection", "unknown"],
    ["answers nothing usable", "malformed", "unknown"],
    ["is busy", "busy", "none"],
  ])("is a 503 without shares if the database %s (Q37)", async (_, reason, outcome) => {
    const broken = committing(async () => await Promise.reject(new StoreUnavailable(reason, outcome, "test")));
    const unavailable = await testService(broken, { requestTimeoutMs: 300 });
    expect(await recover(unavailable)).toMatchObject({
      status: 503,
      body: { shards: null, err: "store_unavailable" },
    });
    expect(unavailable.log.some(({ event }) => event === "shares_returned")).toBe(false);
    expect(await entries()).toEqual([]);
  });

  it("leaves one entry if the answer of its commit was lost (Q37)", async () => {
    let losses = 1;
    const lossy: BulkStore = {
      ...store,
      async commit<Q extends Query>(change: Change, query: Q, signal: AbortSignal) {
        const result = await store.commit(change, query, signal);
        losses -= 1;
        if (losses === 0) throw new StoreUnavailable("connection", "unknown", "test");
        return result;
      },
    };
    expect(keyIn(await recover(await testService(lossy)))).toEqual(rootOf(KEY_A));
    expect(await entries()).toHaveLength(1);
  });

  it.each([
    ["has other bytes under the key's id", `a:${KEY_B.slice(2)}`, "seal_wrong_key"],
    ["lacks the key", KEY_B, "seal_unknown_key"],
  ])("is a 500 without shares and without an entry if the ring %s (Q37)", async (_, keys, reason) => {
    const wrong = await withKeys(keys);
    expect(await recover(wrong)).toMatchObject({ status: 500, body: { shards: null } });
    expect(wrong.log).toMatchObject([{ reason }]);
    expect(await revision()).toBe(1);
  });

  it.each([`${ROLE}/superuser`, `${ROLE}/restore`, "/spike/bootstrap", "/workload"])(
    "leaves no entry if %s is refused (Q37)",
    async (path) => {
      expect((await (await service.as(path))(RECOVER, {})).status).toBe(401);
      expect(await revision()).toBe(1);
    },
  );

  it("with `lite` is only logged, because that store is never written to (Q37)", async () => {
    const lite = await testService(
      committing(async () => await Promise.reject(new Error("written"))),
      { backend: "lite" },
    );
    expect(keyIn(await recover(lite))).toEqual(rootOf(KEY_A));
    expect(lite.log).toMatchObject([{ level: "warn", event: "shares_returned" }]);
  });

  it.each<readonly [string, string, () => Promise<object>, number]>([
    [RECOVER, `${ROLE}/recover`, async () => await Promise.resolve({}), 2],
    ["/v1/operator/restore", `${ROLE}/restore`, firstShard, 1],
    ["/v1/bootstrap/verify", "/spike/bootstrap", async () => await Promise.resolve(challengeOf("x")), 1],
  ])("takes few round trips, and only a recovery leaves an entry: %s (Q37)", async (target, path, bodyOf, trips) => {
    const counting = countingStore(store);
    const counted = await testService(counting);
    const before = await revision();
    expect((await (await counted.as(path))(target, await bodyOf())).status).toBe(200);
    expect([counting.trips, (await revision()) - before]).toEqual([trips, trips - 1]);
  });

  it("leaves no entry for a share that is right or wrong (Q37)", async () => {
    const restore = await service.as(`${ROLE}/restore`);
    const share = await firstShard();
    expect((await restore("/v1/operator/restore", share)).status).toBe(200);
    expect((await restore("/v1/operator/restore", { ...share, id: 2 })).status).toBe(400);
    expect(await revision()).toBe(1);
    expect(service.audit.map(({ action, outcome }) => `${action} ${outcome}`).slice(-2)).toEqual([
      "operator.restore ok",
      "operator.restore bad_request",
    ]);
  });
});
