import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { combineShares, deriveShare } from "../src/seal/shamir.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import { fixedKeys } from "../src/seal/key-source.ts";
import { challengeOf, firstShard } from "./harness/key-material.ts";
import { KEY_A, KEY_B, type TestService, testService } from "./harness/service.ts";

const ROLE = "/spike/pilot/role";
const bytesOf = (key: string) => Uint8Array.from(Buffer.from(key.slice(2), "base64url"));

/** Recovery of root keys, and SPIKE's bootstrap check. Permissions are tested with every route. */
describe("recovery", () => {
  let service: TestService;
  const as = async (path: string, target: string, body: object, by = service) =>
    await (
      await by.as(path)
    )(target, body);
  const restore = async (body: object) => await as(`${ROLE}/restore`, "/v1/operator/restore", body);
  const store = () => memoryStore({ storeId: "s", now: Date.now });
  beforeEach(async () => {
    service = await testService(store());
  });

  it("returns the same shares of the root key each time; two of them restore it", async () => {
    const answer = await as(`${ROLE}/recover`, "/v1/operator/recover", {});
    expect(answer.status).toBe(200);
    const shards = answer.body["shards"] as Record<string, number[]>;
    expect(Object.keys(shards)).toEqual(["1", "2", "3"]);
    expect((await as(`${ROLE}/recover`, "/v1/operator/recover", {})).text).toBe(answer.text);
    const shares = [3, 1].map((id) => ({ id, value: Uint8Array.from(shards[id]!) }));
    expect(combineShares(shares, 2)).toEqual({ ok: true, key: bytesOf(KEY_A), strays: [] });
    expect(JSON.stringify([service.log, service.audit])).not.toContain(shards[1]!.join(","));
  });

  it("returns shares of the current root key, and of a new one once it is registered", async () => {
    const shared = store();
    await (await testService(shared)).post("/v1/store/secrets", { path: "a", values: {} });
    const both = await testService(shared, { keys: await fixedKeys(`${KEY_B},${KEY_A}`) });
    const key = async () => {
      const { body } = await as(`${ROLE}/recover`, "/v1/operator/recover", {}, both);
      const shards = Object.entries(body["shards"] as Record<string, number[]>);
      const combined = combineShares(
        shards.map(([id, value]) => ({ id: Number(id), value: Uint8Array.from(value) })),
        2,
      );
      return combined.ok && combined.key;
    };
    expect(await key()).toEqual(bytesOf(KEY_A));
    await both.post("/v1/operator/register", { keyId: "b" });
    expect(await key()).toEqual(bytesOf(KEY_B));
  });

  it("returns no shares of a key that is not the store's", async () => {
    const shared = store();
    await (await testService(shared)).post("/v1/store/secrets", { path: "a", values: {} });
    const wrong = await testService(shared, { keys: await fixedKeys(`a:${KEY_B.slice(2)}`) });
    expect(await as(`${ROLE}/recover`, "/v1/operator/recover", {}, wrong)).toMatchObject({
      status: 500,
      body: { shards: null, err: "api_internal_error" },
    });
    expect(wrong.log).toMatchObject([{ reason: "seal_wrong_key" }]);
  });

  it("checks a share and stores nothing", async () => {
    const share = await firstShard();
    for (let again = 0; again < 3; again += 1) {
      const answer = await restore(share);
      expect(answer).toMatchObject({ status: 200, body: { collected: 1, remaining: 1, restored: false } });
    }
    const refused = { status: 400, body: { collected: 0, remaining: 0, restored: false, err: "api_bad_request" } };
    const flipped = share.shard.map((byte, index) => (index === 31 ? byte ^ 1 : byte));
    const wrong = [
      { id: 1, shard: flipped },
      { id: 2, shard: share.shard },
      { id: 4, shard: share.shard },
      // On the same curve, but never issued.
      { id: 4, shard: [...(await deriveShare(bytesOf(KEY_A), { threshold: 2, id: 4 }))] },
      { id: 0, shard: share.shard },
      { id: -1, shard: share.shard },
      { id: 1001, shard: share.shard },
      { id: 1, shard: (await firstShard(KEY_B)).shard },
      { id: 1, shard: share.shard.slice(1) },
      { id: 1, shard: [...share.shard, 0] },
      { id: 1, shard: [256, ...share.shard.slice(1)] },
      { id: 1, shard: [-1, ...share.shard.slice(1)] },
      { id: 1, shard: Array.from({ length: 32 }, () => 0) },
      { id: 1, shard: Array.from({ length: 32 }, () => 255) },
      { id: 1, shard: null },
      { id: 1 },
    ];
    for (const body of wrong) expect(await restore(body), JSON.stringify(body)).toMatchObject(refused);
    for (const body of [
      { id: "1", shard: share.shard },
      { id: 1, shard: "x" },
      { id: 1.5, shard: share.shard },
    ]) {
      expect((await restore(body)).status).toBe(400);
    }
  });

  it("answers the bootstrap challenge with the digest of its plaintext, under any key of the ring", async () => {
    const text = "0123456789abcdef".repeat(4);
    const hash = createHash("sha256").update(text).digest("hex");
    const both = await testService(store(), { keys: await fixedKeys(`${KEY_B},${KEY_A}`) });
    const ask = async (body: object) => await as("/spike/bootstrap", "/v1/bootstrap/verify", body, both);
    expect(await ask(challengeOf(text))).toMatchObject({ status: 200, body: { hash } });
    expect(await ask(challengeOf(text, KEY_B))).toMatchObject({ status: 200, body: { hash } });
    const other = challengeOf(text, `c:${Buffer.alloc(32, 0x33).toString("base64url")}`);
    expect(await ask(other)).toMatchObject({ status: 500, body: { hash: "", err: "api_internal_error" } });
    expect(both.log).toMatchObject([{ event: "request_failed", detail: expect.stringContaining("bootstrap") }]);
    const { nonce, ciphertext } = challengeOf(text);
    const long = Buffer.alloc(65_537).toString("base64");
    for (const body of [
      { nonce: nonce.slice(4), ciphertext },
      { ciphertext },
      { nonce, ciphertext: long },
      { nonce, ciphertext: "%" },
      { nonce: `${nonce}\n`, ciphertext },
      { nonce, ciphertext: 5 },
    ]) {
      expect((await ask(body)).status).toBe(400);
    }
  });
});
