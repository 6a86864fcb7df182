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

  test("J04, T01 refuses alg none in every capitalisation, with spaces too", () => {
    for (let bits = 0; bits < 16; bits++) {
      const alg = Array.from("none", (letter, index) => ((bits >> index) & 1 ? letter.toUpperCase() : letter)).join("");
      for (const spelling of [alg, ` ${alg}`, `${alg} `, `${alg}\0`]) {
        expect(readJwtSvidHeader(json({ alg: spelling, kid: "k" }))).toEqual(refused("header-algorithm"));
      }
    }
  });

  test.each([
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
    ["J03 a list of two", ["ES256", "none"]],
    ["J03 a number", 256],
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
    ["T06 jku", '"jku":"https://evil.example/keys"'],
    ["T06 jwk", '"jwk":{"kty":"EC"}'],
    ["T06 x5u", '"x5u":"https://evil.example/chain"'],
    ["T06 x5c", '"x5c":["MIIB"]'],
    ["T06 x5t", '"x5t":"AA"'],
    ["T06 x5t#S256", '"x5t#S256":"AA"'],
    ["T06 a list of keys", '"jwks":{"keys":[]}'],
    ["T07 crit with a name that is known", '"crit":["exp"]'],
    ["T07 crit with a name that jose knows", '"crit":["b64"],"b64":true'],
    ["T07 crit with a name that nobody knows", '"crit":["x-unknown"],"x-unknown":1'],
    ["T07 crit that is empty", '"crit":[]'],
    ["T07 crit that is no list", '"crit":"exp"'],
    ["T07 crit of null", '"crit":null'],
    ["T08 b64 of false", '"crit":["b64"],"b64":false'],
    ["T08 b64 of false that is not critical", '"b64":false'],
    ["T08 b64 of true", '"b64":true'],
    ["T09 zip", '"zip":"DEF"'],
    ["T09 zip of nothing", '"zip":""'],
    ["cty, a token inside", '"cty":"JWT"'],
    ["enc", '"enc":"A256GCM"'],
    ["a claim, as a JWE may have it", '"iss":"spiffe://example.org"'],
    ["the empty name", '"":1'],
    ["a member of the prototype", '"__proto__":{"alg":"ES256"}'],
    ["a name in another case", '"KID":"k"'],
    ["a name with a space", '"kid ":"k"'],
  ])("J05 refuses %s", (_case, members) => {
    expect(readJwtSvidHeader(json(`{"alg":"ES256","kid":"k",${members}}`))).toEqual(refused("header-member"));
    expect(readJwtSvidHeader(json(`{${members},"alg":"ES256","kid":"k"}`))).toEqual(refused("header-member"));
  });

  test.each(["JWT", "JOSE", undefined])("J06 takes typ %s", (typ) => {
    expect(readJwtSvidHeader(json({ alg: "ES256", kid: "k", typ })).ok).toBe(true);
  });

  test.each(["jwt", "Jwt", "JWT ", "", "jose", "JWS", null, 1, ["JWT"], {}])("J06 refuses typ %j", (typ) => {
    expect(readJwtSvidHeader(json({ alg: "ES256", typ }))).toEqual(refused("header-type"));
  });

  test.each([
    ["T24 a WIT-SVID", "wit+jwt"],
    ["T24 a WIT-SVID, as media type", "application/wit+jwt"],
    ["T24 the proof that goes with a WIT-SVID", "wpt+jwt"],
    ["T25 an access token", "at+jwt"],
    ["T25 an access token, as media type", "application/at+jwt"],
    ["T25 a logout token", "logout+jwt"],
    ["T25 a security event", "secevent+jwt"],
    ["T25 a proof of possession", "dpop+jwt"],
    ["T25 a JWT, as media type", "application/jwt"],
  ])("J06 refuses the typ of %s", (_case, typ) => {
    expect(readJwtSvidHeader(json({ alg: "ES256", kid: "k", typ }))).toEqual(refused("header-type"));
  });

  test("J15 takes an absent kid", () => {
    expect(readJwtSvidHeader(json({ alg: "ES256" }))).toEqual({ ok: true, alg: "ES256", kid: undefined });
  });

  test.each(["__proto__", "../../etc/passwd", "' OR 1=1 --", "https://evil.example/key", "\0", " "])(
    "T04 takes kid %j as it is",
    (kid) => {
      expect(readJwtSvidHeader(json({ alg: "ES256", kid }))).toEqual({ ok: true, alg: "ES256", kid });
    },
  );

  test.each([
    ["the empty text", ""],
    ["null", null],
    ["a number", 1],
    ["a list", ["k"]],
    ["the empty list", []],
    ["an object", {}],
    ["an object that names a method", { toString: "k" }],
    ["false", false],
  ])("T04 refuses as kid %s", (_case, kid) => {
    expect(readJwtSvidHeader(json({ alg: "ES256", kid }))).toEqual(refused("header-key-id"));
  });

  test.each([
    ["T10 two algs, the good one first", '{"alg":"ES256","alg":"none"}', "header-duplicate-member"],
    ["T10 two algs, the good one last", '{"alg":"none","alg":"ES256"}', "header-duplicate-member"],
    ["T10 two algs that are equal", '{"alg":"ES256","alg":"ES256"}', "header-duplicate-member"],
    ["T10 two kids", '{"alg":"ES256","kid":"a","kid":"b"}', "header-duplicate-member"],
    ["T10 two kids, one escaped", String.raw`{"alg":"ES256","kid":"a","\u006bid":"b"}`, "header-duplicate-member"],
    ["T10 two typs", '{"alg":"ES256","typ":"JWT","typ":"at+jwt"}', "header-duplicate-member"],
    ["T10 two algs far apart", '{"alg":"none","kid":"k","typ":"JWT","alg":"ES256"}', "header-duplicate-member"],
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
