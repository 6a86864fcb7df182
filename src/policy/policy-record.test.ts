import { describe, expect, it } from "vitest";
import { KEY_A, KEY_B, ringOf } from "../../test/harness/service.ts";
import { openRecord, sealRecord } from "../seal/record.ts";
import type { PolicyValues } from "../store/rows.ts";
import { policyContext, keyTag } from "./policy-record.ts";

const ROW: Omit<PolicyValues, "sealed"> = {
  name: "readers",
  writeId: "w",
  base: 4,
  epoch: 3,
  slot: 7,
  idTag: new Uint8Array(32).fill(1),
  pathTag: new Uint8Array(32).fill(2),
  keyId: "a",
  createdAt: 5,
  updatedAt: 6,
};

describe("a sealed policy", () => {
  it("opens only with exactly its own row, in its own store", async () => {
    const { primary } = await ringOf(KEY_A);
    const plain = new TextEncoder().encode('{"pathPattern":"^a/"}');
    const context = policyContext("s", ROW);
    const key = { id: primary.id, key: primary.policy };
    const sealed = await sealRecord(key, plain, { context, nonce: new Uint8Array(12) });
    const open = async (storeId: string, row: typeof ROW) =>
      await openRecord(() => primary.policy, sealed, policyContext(storeId, row));
    expect(await open("s", ROW)).toEqual(plain);
    const others: readonly Partial<typeof ROW>[] = [
      { name: "writers" },
      { writeId: "x" },
      { base: 5 },
      { epoch: 4 },
      { idTag: ROW.pathTag },
      { pathTag: ROW.idTag },
      { keyId: "b" },
      { createdAt: 6 },
      { updatedAt: 7 },
    ];
    for (const other of others) await expect(open("s", { ...ROW, ...other })).rejects.toThrow("does not verify");
    await expect(open("t", ROW)).rejects.toThrow("does not verify");
  });
});

describe("keyTag", () => {
  it("depends only on prefix, side and key", async () => {
    const [a, b] = (await ringOf(KEY_A, KEY_B)).keys;
    const tags = await Promise.all([
      keyTag(a!, "path", "a/"),
      keyTag(a!, "path", "a/"),
      keyTag(a!, "path", "a"),
      keyTag(a!, "id", "a/"),
      keyTag(b!, "path", "a/"),
    ]);
    expect(tags[0]).toEqual(tags[1]);
    expect(new Set(tags.map(String)).size).toBe(4);
  });
});
