import { describe, expect, it } from "vitest";
import { KEY_A, KEY_B, ringOf } from "../../test/harness/service.ts";
import { createDataKey, openDataKey, renewDataKey } from "./data-key.ts";
import { recordKeyId } from "./record.ts";

const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const context = { label: "secrets.wrapped_key", fields: ["s", "p", "b"] };
const iv = new Uint8Array(12);
const seal = async (key: CryptoKey) => await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new Uint8Array(3));

describe("a data key", () => {
  it("unwraps to a non-extractable key, for its own secret only", async () => {
    const ring = await ringOf(KEY_A);
    const { key, wrapped } = await createDataKey(ring, context, randomBytes);
    const opened = await openDataKey(ring, wrapped, context);
    expect(await seal(opened)).toEqual(await seal(key));
    expect([key.extractable, opened.extractable]).toEqual([false, false]);
    await expect(openDataKey(ring, wrapped, { ...context, fields: ["s", "q", "b"] })).rejects.toThrow();
    await expect(openDataKey(await ringOf(KEY_B), wrapped, context)).rejects.toThrow();
  });

  it("stays the same when it is wrapped again under a newer primary key", async () => {
    const [old, both, only] = [await ringOf(KEY_A), await ringOf(KEY_B, KEY_A), await ringOf(KEY_B)];
    const first = await createDataKey(old, context, randomBytes);
    expect((await renewDataKey(old, first.wrapped, { context, randomBytes })).wrapped).toBe(first.wrapped);
    const renewed = await renewDataKey(both, first.wrapped, { context, randomBytes });
    expect([recordKeyId(first.wrapped), recordKeyId(renewed.wrapped)]).toEqual(["a", "b"]);
    expect(await seal(await openDataKey(only, renewed.wrapped, context))).toEqual(await seal(first.key));
  });

  it("differs for every secret, and every wrap has its own nonce", async () => {
    const ring = await ringOf(KEY_A);
    const made = await Promise.all(
      Array.from({ length: 50 }, async () => await createDataKey(ring, context, randomBytes)),
    );
    expect(new Set(made.map(({ wrapped }) => String(wrapped.subarray(3, 15)))).size).toBe(50);
    const texts = await Promise.all(made.map(async ({ key }) => Buffer.from(await seal(key)).toString("hex")));
    expect(new Set(texts).size).toBe(50);
  });
});
