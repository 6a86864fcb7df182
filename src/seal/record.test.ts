import { beforeAll, describe, expect, it } from "vitest";
import { type Context, openRecord, recordKeyId, sealRecord } from "./record.ts";
import { SealError } from "./seal-error.ts";

describe("a sealed record", () => {
  let key: CryptoKey;
  let record: Uint8Array<ArrayBuffer>;
  const nonce = new Uint8Array(12).map((_, index) => index);
  const plain = new TextEncoder().encode("plain text");
  const context: Context = { label: "table.column", fields: ["store", "path", 7, null] };
  beforeAll(async () => {
    key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    record = await sealRecord({ id: "k-1", key }, plain, { context, nonce });
  });
  const open = async (bytes: Uint8Array<ArrayBuffer>, where = context) => await openRecord(() => key, bytes, where);
  const reasonOf = async (opening: Promise<unknown>) => {
    const error: unknown = await opening.then(
      () => "opened",
      (failure: unknown) => failure,
    );
    if (!(error instanceof SealError)) return error;
    expect(error.message).toBe("Cannot use a stored record: it does not verify");
    return error.reason;
  };

  it("consists of suite, length of the key id, key id, nonce, ciphertext and tag", () => {
    expect([...record.subarray(0, 5)]).toEqual([1, 3, 0x6b, 0x2d, 0x31]);
    expect(record.subarray(5, 17)).toEqual(nonce);
    expect(record).toHaveLength(17 + plain.length + 16);
    expect(recordKeyId(record)).toBe("k-1");
  });

  it("opens in its context", async () => {
    expect(await open(record)).toEqual(plain);
  });

  it("does not open if any part of its context changes (K01)", async () => {
    const others: readonly Context[] = [
      { ...context, label: "table.other" },
      { ...context, fields: ["store", "path", 8, null] },
      { ...context, fields: ["store", "path", "7", null] },
      { ...context, fields: ["path", "store", 7, null] },
      { ...context, fields: ["store", "path", 7, ""] },
      { ...context, fields: ["store", "path", 7] },
      { ...context, fields: ["store", "path", 7, null, null] },
    ];
    for (const other of others) expect(await reasonOf(open(record, other))).toBe("not_authentic");
  });

  it("does not open if any single bit is flipped (K06)", async () => {
    for (let bit = 0; bit < record.length * 8; bit += 1) {
      const altered = record.slice();
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(await reasonOf(open(altered)), `bit ${bit}`).toMatch(/^(not_authentic|unknown_suite|malformed)$/);
    }
  });

  it("does not open if it is truncated or extended", async () => {
    for (let length = 0; length < record.length; length += 1) {
      expect(await reasonOf(open(record.slice(0, length))), `${length}`).toMatch(/^(not_authentic|malformed)$/);
    }
    expect(await reasonOf(open(new Uint8Array([...record, 0])))).toBe("not_authentic");
  });

  it("does not open under another key id, even with the same key", async () => {
    const renamed = record.slice();
    renamed[4] = 0x32;
    expect(recordKeyId(renamed)).toBe("k-2");
    expect(await reasonOf(open(renamed))).toBe("not_authentic");
  });

  it("does not open under another key", async () => {
    const other = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    expect(await reasonOf(openRecord(() => other, record, context))).toBe("not_authentic");
  });

  it("seals an empty text and a text of one megabyte", async () => {
    for (const size of [0, 65536, 1024 * 1024]) {
      const text = new Uint8Array(size).fill(7);
      const sealed = await sealRecord({ id: "", key }, text, { context, nonce });
      expect(Buffer.compare(await open(sealed), text), `${size}`).toBe(0);
    }
  });

  it("rejects a nonce of another length", async () => {
    const sealing = sealRecord({ id: "k", key }, plain, { context, nonce: new Uint8Array(11) });
    await expect(sealing).rejects.toThrow("the nonce has 11 bytes");
  });
});
