import { createCipheriv, hkdfSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { deriveKeyRing, requireRingKey } from "./key-ring.ts";
import { parseRootKeys } from "./root-key.ts";

const text = (byte: number) => Buffer.alloc(32, byte).toString("base64url");
const derive = async (value: string) => {
  const parsed = parseRootKeys(value);
  if (!parsed.ok) throw new Error(parsed.problem);
  return { roots: parsed.keys, ring: await deriveKeyRing(parsed.keys) };
};

describe("the key ring", () => {
  it("derives keys by HKDF-SHA256 with one info per purpose", async () => {
    const { ring } = await derive(`a:${text(1)}`);
    const expected = hkdfSync("sha256", Buffer.alloc(32, 1), "", "spike-edge/v1/check", 32);
    expect(Buffer.from(ring.primary.check).equals(Buffer.from(expected))).toBe(true);
    const mac = Buffer.from(hkdfSync("sha256", Buffer.alloc(32, 1), "", "spike-edge/v1/mac", 32));
    const key = await crypto.subtle.importKey("raw", mac, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const sign = async (by: CryptoKey) => Buffer.from(await crypto.subtle.sign("HMAC", by, new Uint8Array(3)));
    expect((await sign(ring.primary.mac)).equals(await sign(key))).toBe(true);
    expect((await sign(ring.primary.tag)).equals(await sign(key))).toBe(false);
  });

  it.each(["wrap", "policy", "cipher"] as const)(
    "seals under the key derived for %s, which others can derive too",
    async (purpose) => {
      const { ring } = await derive(`a:${text(1)}`);
      const key = Buffer.from(hkdfSync("sha256", Buffer.alloc(32, 1), "", `spike-edge/v1/${purpose}`, 32));
      const iv = new Uint8Array(12);
      const cipher = createCipheriv("aes-256-gcm", key, iv);
      const sealed = Buffer.concat([cipher.update("text"), cipher.final(), cipher.getAuthTag()]);
      const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, ring.primary[purpose], sealed);
      expect(Buffer.from(opened).toString()).toBe("text");
    },
  );

  it("computes tags under the key derived for tags", async () => {
    const { ring } = await derive(`a:${text(1)}`);
    const raw = Buffer.from(hkdfSync("sha256", Buffer.alloc(32, 1), "", "spike-edge/v1/tag", 32));
    const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const sign = async (by: CryptoKey) => Buffer.from(await crypto.subtle.sign("HMAC", by, new Uint8Array(3)));
    expect((await sign(ring.primary.tag)).equals(await sign(key))).toBe(true);
  });

  it("has non-extractable keys, and overwrites the root keys it was given (K13)", async () => {
    const { ring, roots } = await derive(`a:${text(1)},b:${text(2)}`);
    const { wrap, policy, mac, tag, cipher } = ring.primary;
    for (const key of [wrap, policy, mac, tag, cipher]) {
      expect(key.extractable).toBe(false);
      await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow();
    }
    expect(roots.every((root) => root.bytes.every((byte) => byte === 0))).toBe(true);
  });

  it("has the first key as its primary and finds all keys by id", async () => {
    const { ring } = await derive(`new:${text(2)},old:${text(1)}`);
    expect(ring.primary.id).toBe("new");
    expect(requireRingKey(ring, "old").check).not.toEqual(ring.primary.check);
    expect(() => requireRingKey(ring, "none")).toThrow("does not verify");
  });
});

describe("parseRootKeys", () => {
  it.each([
    ["two ids", `k2:${text(1)},dev:${text(1)}`, "entry 2 has the same key as entry 1"],
    [
      "two ids with white space around them",
      ` k2:${text(1)} ,\n dev:${text(1)}\r\n`,
      "entry 2 has the same key as entry 1",
    ],
    ["ids that are not neighbours", `a:${text(1)},b:${text(2)},c:${text(1)}`, "entry 3 has the same key as entry 1"],
    ["ids after the primary", `a:${text(1)},b:${text(2)},c:${text(2)}`, "entry 3 has the same key as entry 2"],
    ["three ids", `a:${text(3)},b:${text(3)},c:${text(3)}`, "entry 2 has the same key as entry 1"],
    ["a padded spelling", `a:${text(1)},b:${text(1)}=`, "entry 2 is not base64url without padding"],
    ["a spelling with other spare bits", `a:${text(1)},b:${text(1).slice(0, -1)}F`, "entry 2 is not base64url"],
    [
      "the spelling of plain base64",
      `a:${text(0xfb)},b:${Buffer.alloc(32, 0xfb).toString("base64")}`,
      "entry 2 is not base64url",
    ],
    ["an inner blank", `a:${text(1)},b: ${text(1)}`, "entry 2 is not base64url"],
  ])("rejects the same bytes under %s (Q05)", (_, value, problem) => {
    expect(parseRootKeys(value)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });

  const ORDER = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
  const below = Buffer.from(`${ORDER.slice(0, -1)}0`, "hex").toString("base64url");

  it("accepts one or more keys of 32 bytes below the order of P-256", () => {
    expect(parseRootKeys(`a:${text(1)}`)).toMatchObject({ ok: true, keys: [{ id: "a" }] });
    expect(parseRootKeys(` a-1:${text(1)} , b_2:${below} `)).toMatchObject({ keys: [{ id: "a-1" }, { id: "b_2" }] });
  });

  it.each([
    ["nothing", ""],
    ["no id", text(1)],
    ["an empty id", `:${text(1)}`],
    ["an id of other letters", `A:${text(1)}`],
    ["a long id", `${"a".repeat(33)}:${text(1)}`],
    ["padding", `a:${text(1)}=`],
    ["plain base64", `a:${Buffer.alloc(32, 0xff).toString("base64")}`],
    ["31 bytes", `a:${Buffer.alloc(31, 1).toString("base64url")}`],
    ["33 bytes", `a:${Buffer.alloc(33, 1).toString("base64url")}`],
    ["trailing bits", `a:${text(1).slice(0, -1)}F`],
    ["a length that no bytes have", "a:topsecret"],
    ["zero", `a:${text(0)}`],
    ["the order of P-256", `a:${Buffer.from(ORDER, "hex").toString("base64url")}`],
    ["more than the order", `a:${text(0xff)}`],
    ["an id twice", `a:${text(1)},a:${text(2)}`],
    ["an empty entry", `a:${text(1)},`],
    ["17 keys", Array.from({ length: 17 }, (_, n) => `k${n}:${text(n + 1)}`).join(",")],
  ])("rejects %s without quoting a key", (_, value) => {
    const parsed = parseRootKeys(value);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok)
      for (const part of value.split(/[:,]/)) if (part.length > 4) expect(parsed.problem).not.toContain(part);
  });
});
