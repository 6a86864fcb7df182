import { describe, expect, test } from "vitest";
import { isJwtSvidAlgorithm } from "./jwt-svid-algorithm.ts";
import { readJwtSvidHeader } from "./jwt-svid-header.ts";
import { json } from "./minting.fixture.ts";

const refused = (reason: string) => ({ ok: false, reason });

describe("readJwtSvidHeader", () => {
  test.each(["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"])(
    "J03 takes %s",
    (alg) => {
      expect(readJwtSvidHeader(json({ alg, kid: "k" }))).toEqual({ ok: true, alg, kid: "k" });
      expect(isJwtSvidAlgorithm(alg)).toBe(true);
    },
  );

  test.each([
    ["T01, J04 none", "none"],
    ["T01 None", "None"],
    ["T01 NONE", "NONE"],
    ["T01 nOnE", "nOnE"],
    ["J04 HS256", "HS256"],
    ["J04 HS384", "HS384"],
    ["J04 HS512", "HS512"],
    ["J04 EdDSA", "EdDSA"],
    ["J04 Ed25519", "Ed25519"],
    ["J04 ES256K", "ES256K"],
    ["J04 ML-DSA-44", "ML-DSA-44"],
    ["J04 an encryption", "RSA-OAEP"],
    ["J03 another case", "es256"],
    ["J03 trailing space", "ES256 "],
    ["J03 the empty text", ""],
    ["J03 a list", ["ES256"]],
    ["J03 null", null],
    ["J03 a name of the prototype", "constructor"],
  ])("refuses alg: %s", (_case, alg) => {
    expect(readJwtSvidHeader(json({ alg, kid: "k" }))).toEqual(refused("header-algorithm"));
  });

  test("J03 refuses a missing alg", () => {
    expect(readJwtSvidHeader(json({ kid: "k" }))).toEqual(refused("header-algorithm"));
  });

  test("J03 looks at alg before anything else", () => {
    expect(readJwtSvidHeader(json({ alg: "none", typ: 1, kid: 1, jwk: {} }))).toEqual(refused("header-algorithm"));
  });

  test.each([
    "jku",
    "jwk",
    "x5u",
    "x5c",
    "x5t",
    "x5t#S256",
    "crit",
    "b64",
    "zip",
    "cty",
    "enc",
    "iss",
    "",
    "__proto__",
  ])("J05, T06-T09 refuses the member %j", (name) => {
    const header = `{"alg":"ES256","kid":"k",${JSON.stringify(name)}:["exp"]}`;
    expect(readJwtSvidHeader(json(header))).toEqual(refused("header-member"));
  });

  test.each([true, false])("T08 refuses b64: %s", (b64) => {
    expect(readJwtSvidHeader(json({ alg: "ES256", b64, crit: ["b64"] }))).toEqual(refused("header-member"));
  });

  test.each(["JWT", "JOSE", undefined])("J06 takes typ %s", (typ) => {
    expect(readJwtSvidHeader(json({ alg: "ES256", kid: "k", typ })).ok).toBe(true);
  });

  test.each(["jwt", "Jwt", "JWT ", "", "at+jwt", "JWS", null, 1, ["JWT"], {}])("J06, T25 refuses typ %j", (typ) => {
    expect(readJwtSvidHeader(json({ alg: "ES256", typ }))).toEqual(refused("header-type"));
  });

  test("T24 refuses the typ of a WIT-SVID", () => {
    expect(readJwtSvidHeader(json({ alg: "ES256", typ: "wit+jwt" }))).toEqual(refused("header-type"));
  });

  test("J15 takes an absent kid", () => {
    expect(readJwtSvidHeader(json({ alg: "ES256" }))).toEqual({ ok: true, alg: "ES256", kid: undefined });
  });

  test.each(["", null, 1, ["k"], {}, false])("T04 refuses kid %j", (kid) => {
    expect(readJwtSvidHeader(json({ alg: "ES256", kid }))).toEqual(refused("header-key-id"));
  });

  test.each([
    ["T10 a duplicate alg", '{"alg":"ES256","alg":"none"}', "header-duplicate-member"],
    [
      "T10 a duplicate kid, one escaped",
      String.raw`{"alg":"ES256","kid":"a","\u006bid":"b"}`,
      "header-duplicate-member",
    ],
    ["T19 deep nesting", `{"alg":${"[".repeat(50)}${"]".repeat(50)}}`, "header-too-deep"],
    ["no JSON", "alg=ES256", "header-not-json"],
    ["no object", "[]", "header-not-object"],
  ])("refuses %s", (_case, header, reason) => {
    expect(readJwtSvidHeader(json(header))).toEqual(refused(reason));
  });

  test("refuses bytes that are no UTF-8", () => {
    expect(readJwtSvidHeader(Uint8Array.of(0xff))).toEqual(refused("header-not-utf8"));
  });
});
