import { describe, expect, test, vi } from "vitest";
import { decodeBase64url } from "../../encoding/base64.ts";
import { parseSegment, splitCompactJws } from "./compact-jws.ts";
import { json } from "./minting.fixture.ts";

// A spy counts the calls; the behaviour is unchanged.
vi.mock("../../encoding/base64.ts", { spy: true });

describe("splitCompactJws", () => {
  test("accepts three segments (J01)", () => {
    expect(splitCompactJws("YQ.YWI.YWJj")).toEqual({ ok: true, header: json("a"), claims: json("ab") });
  });

  test.each([
    ["the empty string (T16)", ""],
    ["a dot (T16)", "."],
    ["one segment (T16)", "YQ"],
    ["two segments (T16)", "YQ.YQ"],
    ["two dots alone (T16)", ".."],
    ["four segments (T16)", "YQ.YQ.YQ.YQ"],
    ["three segments and a dot (T16)", "YQ.YQ.YQ."],
    ["the five segments of a JWE (T17)", "YQ.YQ.YQ.YQ.YQ"],
    ["a JWE of direct encryption (T17)", "YQ..YQ.YQ.YQ"],
    ["an empty header (T16)", ".YQ.YQ"],
    ["empty claims (T16)", "YQ..YQ"],
    ["an empty signature (T16)", "YQ.YQ."],
    ["the JSON form (J01, J02, T17)", '{"payload":"YQ","protected":"YQ","signature":"YQ"}'],
    ["the general JSON form (J01, J02, T17)", '{"payload":"YQ","signatures":[{"protected":"YQ","signature":"YQ"}]}'],
  ])("rejects %s", (_case, token) => {
    expect(splitCompactJws(token)).toEqual({ ok: false, reason: "token-not-compact" });
  });

  test("rejects the JSON form with two dots (J02, T17)", () => {
    const form = '{"payload":"YQ","protected":"YQ","header":{"kid":"a.b.c"},"signature":"YQ"}';
    expect(splitCompactJws(form)).toEqual({ ok: false, reason: "token-not-base64url" });
  });

  describe.each([
    ["header segment", (spelling: string) => `${spelling}.YWI.YWI`],
    ["claims segment", (spelling: string) => `YWI.${spelling}.YWI`],
    ["signature segment", (spelling: string) => `YWI.YWI.${spelling}`],
  ])("rejects a %s (T15)", (_part, tokenOf) => {
    test.each([
      ["padded", "YWI="],
      ["padded too much", "YWI=="],
      ["of padding alone", "===="],
      ["with +", "YW+w"],
      ["with /", "YW/w"],
      ["with a space before", " YWI"],
      ["with a space after", "YWI "],
      ["with a newline after", "YWI\n"],
      ["with a line break inside", "YW\r\nI"],
      ["with a tab", "Y\tWI"],
      ["with NUL", "YWI\0"],
      ["with a non-zero trailing bit", "YWJ"],
      ["with non-zero trailing bits after one byte", "YX"],
      ["with a character that carries no byte", "YWJjY"],
      ["of one character", "Y"],
      ["in wide characters", "YＷI"],
      ["percent-encoded", "YW%49"],
    ])("%s", (_case, spelling) => {
      expect(splitCompactJws(tokenOf("YWI")).ok).toBe(true);
      expect(splitCompactJws(tokenOf(spelling))).toEqual({ ok: false, reason: "token-not-base64url" });
    });
  });

  test("rejects more than 8 KiB without decoding (T18)", () => {
    const ofSize = (size: number) => `YQ.${"A".repeat(size - 6)}.YQ`;
    const decode = vi.mocked(decodeBase64url).mockClear();
    for (const size of [8193, 65_536, 1_048_576]) {
      expect(splitCompactJws(ofSize(size))).toEqual({ ok: false, reason: "token-too-large" });
    }
    expect(splitCompactJws("=".repeat(65_536))).toEqual({ ok: false, reason: "token-too-large" });
    expect(splitCompactJws(".".repeat(8193))).toEqual({ ok: false, reason: "token-too-large" });
    expect(decode.mock.calls.length).toBe(0);
    expect(splitCompactJws(ofSize(8192)).ok).toBe(true);
    expect(decode.mock.calls.length).toBe(3);
  });
});

describe("parseSegment", () => {
  const bytesOf = (bytes: string | readonly number[]) =>
    typeof bytes === "string" ? json(bytes) : Uint8Array.from(bytes);

  test("reads an object and keeps a member named __proto__", () => {
    const read = parseSegment(bytesOf('{"a":1,"__proto__":{"sub":"x"}}'));
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
    ["text that is not JSON", "{", "not-json"],
    ["a duplicate member (T10)", '{"a":1,"a":2}', "duplicate-member"],
    ["deep nesting (T19)", `{"a":${"[".repeat(40)}${"]".repeat(40)}}`, "too-deep"],
    ["a byte order mark", "\uFEFF{}", "not-json"],
    ["bytes that are not UTF-8", [0x7b, 0x22, 0xff, 0x22, 0x7d], "not-utf8"],
    ["an overlong encoding", [0x22, 0xc0, 0xa2, 0x22], "not-utf8"],
    ["a surrogate in UTF-8", [0x22, 0xed, 0xa0, 0x80, 0x22], "not-utf8"],
  ])("rejects %s", (_case, bytes, reason) => {
    expect(parseSegment(bytesOf(bytes))).toEqual({ ok: false, reason });
  });
});
