import { beforeAll, describe, expect, it } from "vitest";
import { KEY_A, KEY_B, ringOf } from "../../../test/harness/service.ts";
import { decodeBase64, encodeBase64 } from "../../encoding/base64.ts";
import { decodeUtf8, encodeUtf8 } from "../../encoding/utf8.ts";
import type { KeyRing } from "../../seal/key-ring.ts";
import { formatBookmark, readBookmark } from "./bookmark.ts";
import type { Mark } from "./mark.ts";

const MARK: Mark = {
  store: "00112233445566ff",
  generation: "ffeeddccbbaa9900",
  revision: 1234,
  epoch: 56,
  entryMac: new Uint8Array(16).fill(7),
  storeMac: new Uint8Array(8).fill(9),
  keyId: "a",
};

describe("a bookmark", () => {
  let ring: KeyRing;
  beforeAll(async () => (ring = await ringOf(KEY_A, KEY_B)));

  const contentOf = async (mark: Mark) => decodeUtf8(decodeBase64(await formatBookmark(ring, mark))!);
  const readContent = async (content: string) => await readBookmark(ring, encodeBase64(encodeUtf8(content)));
  const malformed = { ok: false, reason: "malformed" };

  it.each([
    ["as it is", {}],
    ["under another key", { keyId: "b" }],
    ["at the first revision", { revision: 1, epoch: 0 }],
    ["with large numbers", { revision: 2 ** 53 - 1, epoch: 2 ** 53 - 1 }],
  ])("keeps its mark: %s", async (_, change) => {
    const mark = { ...MARK, ...change };
    expect(await readBookmark(ring, await formatBookmark(ring, mark))).toEqual({ ok: true, mark });
  });

  it("has the form that clients of Vault parse and merge, and fits into a header", async () => {
    expect(await contentOf(MARK)).toMatch(/^v1:00112233445566ff-ffeeddccbbaa9900:1234:56:([\da-f]{2}){57}$/);
    const long = { ...MARK, revision: 2 ** 53 - 1, epoch: 2 ** 53 - 1 };
    expect((await formatBookmark(ring, long)).length).toBeLessThan(300);
    expect(await formatBookmark(ring, MARK)).toMatch(/^[A-Za-z\d]+={0,2}$/);
  });

  it("is refused with any character changed", async () => {
    const content = await contentOf(MARK);
    for (let index = 0; index < content.length; index += 1) {
      const other = content[index] === "1" ? "2" : "1";
      const read = await readContent(content.slice(0, index) + other + content.slice(index + 1));
      expect(read.ok, `character ${index}`).toBe(false);
    }
  });

  it("is refused with members of another one", async () => {
    const a = (await contentOf(MARK)).split(":");
    const b = (await contentOf({ ...MARK, store: MARK.generation, revision: 1235, epoch: 57 })).split(":");
    for (const index of [1, 2, 3, 4]) expect(await readContent(a.with(index, b[index]!).join(":"))).toEqual(malformed);
  });

  it.each([
    ["", ""],
    ["no base64", "!"],
    ["base64url", "-_-_"],
    ["no form", encodeBase64(encodeUtf8("v1:a:1:2:00"))],
    ["no UTF-8", encodeBase64(new Uint8Array([0xff, 0xfe]))],
    ["an empty member", encodeBase64(encodeUtf8(`v1:${"0".repeat(16)}-${"0".repeat(16)}:1:1:`))],
    ["no key id", encodeBase64(encodeUtf8(`v1:${"0".repeat(16)}-${"0".repeat(16)}:1:1:${"00".repeat(56)}`))],
    ["a number with zeros", encodeBase64(encodeUtf8(`v1:${"0".repeat(16)}-${"0".repeat(16)}:01:1:${"61".repeat(57)}`))],
    [
      "an unsafe number",
      encodeBase64(encodeUtf8(`v1:${"0".repeat(16)}-${"0".repeat(16)}:9007199254740992:1:${"61".repeat(57)}`)),
    ],
    ["too long a text", "A".repeat(516)],
  ])("is malformed with %s", async (_, text) => {
    expect(await readBookmark(ring, text)).toEqual(malformed);
  });

  it("is of an unknown key once its key has left the ring, and only under a key that its text names", async () => {
    const text = await formatBookmark(ring, MARK);
    expect(await readBookmark(await ringOf(KEY_B), text)).toEqual({ ok: false, reason: "unknown_key" });
    const other = await ringOf(KEY_A.replace(/:.*/, `:${Buffer.alloc(32, 3).toString("base64url")}`));
    expect(await readBookmark(other, text)).toEqual(malformed);
  });
});
