import { describe, expect, test } from "vitest";
import { jsonObjectOf, splitCompactJws } from "./compact-jws.ts";
import { json } from "./minting.fixture.ts";

describe("splitCompactJws", () => {
  test("J01 takes three parts", () => {
    expect(splitCompactJws("YQ.YWI.YWJj")).toEqual({ ok: true, header: json("a"), claims: json("ab") });
  });

  test.each([
    ["T16 nothing", "", "token-not-compact"],
    ["T16 one part", "YQ", "token-not-compact"],
    ["T16 two parts", "YQ.YQ", "token-not-compact"],
    ["T16 four parts", "YQ.YQ.YQ.YQ", "token-not-compact"],
    ["T17 the five parts of a JWE", "YQ.YQ.YQ.YQ.YQ", "token-not-compact"],
    ["T16 an empty header", ".YQ.YQ", "token-not-compact"],
    ["T16 empty claims", "YQ..YQ", "token-not-compact"],
    ["T16 an empty signature", "YQ.YQ.", "token-not-compact"],
    ["J02, T17 the JSON form", '{"payload":"YQ","protected":"YQ","signature":"YQ"}', "token-not-compact"],
    ["J02, T17 the JSON form with dots", '{"payload":"YQ.","protected":"YQ.","signature":"YQ"}', "token-not-base64url"],
    ["T15 padding in the header", "YQ==.YQ.YQ", "token-not-base64url"],
    ["T15 padding in the claims", "YQ.YQ==.YQ", "token-not-base64url"],
    ["T15 padding in the signature", "YQ.YQ.YQ==", "token-not-base64url"],
    ["T15 + in the signature", "YQ.YQ.--+-", "token-not-base64url"],
    ["T15 / in the claims", "YQ.__/_.YQ", "token-not-base64url"],
    ["T15 whitespace", "YQ.YQ.YQ\n", "token-not-base64url"],
    ["T15 a leading space", " YQ.YQ.YQ", "token-not-base64url"],
    ["T15 trailing bits in the header", "YR.YQ.YQ", "token-not-base64url"],
    ["T15 trailing bits in the signature", "YQ.YQ.YWJ", "token-not-base64url"],
  ])("refuses %s", (_case, token, reason) => {
    expect(splitCompactJws(token)).toEqual({ ok: false, reason });
  });

  test("T18 refuses more than 8 KiB", () => {
    const ofSize = (size: number) => `YQ.${"A".repeat(size - 6)}.YQ`;
    expect(splitCompactJws(ofSize(8192)).ok).toBe(true);
    for (const size of [8193, 65_536, 1_048_576]) {
      expect(splitCompactJws(ofSize(size))).toEqual({ ok: false, reason: "token-too-large" });
    }
  });
});

describe("jsonObjectOf", () => {
  const bytesOf = (bytes: string | readonly number[]) =>
    typeof bytes === "string" ? json(bytes) : Uint8Array.from(bytes);

  test("reads an object; a member called __proto__ is a name like any other", () => {
    const read = jsonObjectOf(bytesOf('{"a":1,"__proto__":{"sub":"x"}}'));
    expect(read).toEqual({
      ok: true,
      members: new Map<string, unknown>([
        ["a", 1],
        ["__proto__", { sub: "x" }],
      ]),
    });
    expect(read.ok && read.members.has("sub")).toBe(false);
  });

  test.each([
    ["an array", "[1]", "not-object"],
    ["null", "null", "not-object"],
    ["a string", '"a"', "not-object"],
    ["a number", "1", "not-object"],
    ["no JSON", "{", "not-json"],
    ["T10 a duplicate member", '{"a":1,"a":2}', "duplicate-member"],
    ["T19 deep nesting", `{"a":${"[".repeat(40)}${"]".repeat(40)}}`, "too-deep"],
    ["a byte order mark", "\uFEFF{}", "not-json"],
    ["bytes that are no UTF-8", [0x7b, 0x22, 0xff, 0x22, 0x7d], "not-utf8"],
    ["an overlong encoding", [0x22, 0xc0, 0xa2, 0x22], "not-utf8"],
    ["a surrogate in UTF-8", [0x22, 0xed, 0xa0, 0x80, 0x22], "not-utf8"],
  ])("refuses %s", (_case, bytes, reason) => {
    expect(jsonObjectOf(bytesOf(bytes))).toEqual({ ok: false, reason });
  });
});
