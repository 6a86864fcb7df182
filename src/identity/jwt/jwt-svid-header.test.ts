import { describe, expect, test } from "vitest";
import { isJwtSvidAlgorithm } from "./jwt-svid-algorithm.ts";
import { readJwtSvidHeader } from "./jwt-svid-header.ts";
import { json } from "./minting.fixture.ts";

const refused = (reason: string) => ({ ok: false, reason });

describe("readJwtSvidHeader", () => {
  test.each(["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"])(
    "accepts alg %s (J03)",
    (alg) => {
      expect(readJwtSvidHeader(json({ alg, kid: "k" }))).toEqual({ ok: true, alg, kid: "k" });
      expect(isJwtSvidAlgorithm(alg)).toBe(true);
    },
  );

  test("rejects alg none in any case and with spaces (J04, T01)", () => {
    for (let bits = 0; bits < 16; bits++) {
      const alg = Array.from("none", (letter, index) => ((bits >> index) & 1 ? letter.toUpperCase() : letter)).join("");
      for (const spelling of [alg, ` ${alg}`, `${alg} `, `${alg}\0`]) {
        expect(readJwtSvidHeader(json({ alg: spelling, kid: "k" }))).toEqual(refused("header-algorithm"));
      }
    }
  });

  test.each([
    ["HS256 (J04)", "HS256"],
    ["HS384 (J04)", "HS384"],
    ["HS512 (J04)", "HS512"],
    ["EdDSA (J04)", "EdDSA"],
    ["Ed25519 (J04)", "Ed25519"],
    ["ES256K (J04)", "ES256K"],
    ["ML-DSA-44 (J04)", "ML-DSA-44"],
    ["an encryption algorithm (J04)", "RSA-OAEP"],
    ["another case (J03)", "es256"],
    ["trailing space (J03)", "ES256 "],
    ["the empty string (J03)", ""],
    ["a list (J03)", ["ES256"]],
    ["a list of two (J03)", ["ES256", "none"]],
    ["a number (J03)", 256],
    ["null (J03)", null],
    ["a name of the prototype (J03)", "constructor"],
  ])("rejects alg: %s", (_case, alg) => {
    expect(readJwtSvidHeader(json({ alg, kid: "k" }))).toEqual(refused("header-algorithm"));
  });

  test("rejects a missing alg (J03)", () => {
    expect(readJwtSvidHeader(json({ kid: "k" }))).toEqual(refused("header-algorithm"));
  });

  test("checks alg before the other members (J03)", () => {
    expect(readJwtSvidHeader(json({ alg: "none", typ: 1, kid: 1, jwk: {} }))).toEqual(refused("header-algorithm"));
  });

  test.each([
    ["jku (T06, J05)", '"jku":"https://evil.example/keys"'],
    ["jwk (T06, J05)", '"jwk":{"kty":"EC"}'],
    ["x5u (T06, J05)", '"x5u":"https://evil.example/chain"'],
    ["x5c (T06, J05)", '"x5c":["MIIB"]'],
    ["x5t (T06, J05)", '"x5t":"AA"'],
    ["x5t#S256 (T06, J05)", '"x5t#S256":"AA"'],
    ["a list of keys (T06, J05)", '"jwks":{"keys":[]}'],
    ["crit with a known name (T07, J05)", '"crit":["exp"]'],
    ["crit with a name that jose knows (T07, J05)", '"crit":["b64"],"b64":true'],
    ["crit with an unknown name (T07, J05)", '"crit":["x-unknown"],"x-unknown":1'],
    ["crit that is empty (T07, J05)", '"crit":[]'],
    ["crit that is not a list (T07, J05)", '"crit":"exp"'],
    ["crit of null (T07, J05)", '"crit":null'],
    ["b64 of false (T08, J05)", '"crit":["b64"],"b64":false'],
    ["b64 of false that is not critical (T08, J05)", '"b64":false'],
    ["b64 of true (T08, J05)", '"b64":true'],
    ["zip (T09, J05)", '"zip":"DEF"'],
    ["zip of nothing (T09, J05)", '"zip":""'],
    ["cty, a nested token (J05)", '"cty":"JWT"'],
    ["enc (J05)", '"enc":"A256GCM"'],
    ["a claim, which a JWE may have (J05)", '"iss":"spiffe://example.org"'],
    ["the empty name (J05)", '"":1'],
    ["a member of the prototype (J05)", '"__proto__":{"alg":"ES256"}'],
    ["a name in another case (J05)", '"KID":"k"'],
    ["a name with a space (J05)", '"kid ":"k"'],
  ])("rejects %s", (_case, members) => {
    expect(readJwtSvidHeader(json(`{"alg":"ES256","kid":"k",${members}}`))).toEqual(refused("header-member"));
    expect(readJwtSvidHeader(json(`{${members},"alg":"ES256","kid":"k"}`))).toEqual(refused("header-member"));
  });

  test.each(["JWT", "JOSE", undefined])("accepts typ %s (J06)", (typ) => {
    expect(readJwtSvidHeader(json({ alg: "ES256", kid: "k", typ })).ok).toBe(true);
  });

  test.each(["jwt", "Jwt", "JWT ", "", "jose", "JWS", null, 1, ["JWT"], {}])("rejects typ %j (J06)", (typ) => {
    expect(readJwtSvidHeader(json({ alg: "ES256", typ }))).toEqual(refused("header-type"));
  });

  test.each([
    ["a WIT-SVID (T24, J06)", "wit+jwt"],
    ["a WIT-SVID, as media type (T24, J06)", "application/wit+jwt"],
    ["the proof that goes with a WIT-SVID (T24, J06)", "wpt+jwt"],
    ["an access token (T25, J06)", "at+jwt"],
    ["an access token, as media type (T25, J06)", "application/at+jwt"],
    ["a logout token (T25, J06)", "logout+jwt"],
    ["a security event (T25, J06)", "secevent+jwt"],
    ["a proof of possession (T25, J06)", "dpop+jwt"],
    ["a JWT, as media type (T25, J06)", "application/jwt"],
  ])("rejects the typ of %s", (_case, typ) => {
    expect(readJwtSvidHeader(json({ alg: "ES256", kid: "k", typ }))).toEqual(refused("header-type"));
  });

  test("accepts a missing kid (J15)", () => {
    expect(readJwtSvidHeader(json({ alg: "ES256" }))).toEqual({ ok: true, alg: "ES256", kid: undefined });
  });

  test.each(["__proto__", "../../etc/passwd", "' OR 1=1 --", "https://evil.example/key", "\0", " "])(
    "returns kid %j unchanged (T04)",
    (kid) => {
      expect(readJwtSvidHeader(json({ alg: "ES256", kid }))).toEqual({ ok: true, alg: "ES256", kid });
    },
  );

  test.each([
    ["the empty string", ""],
    ["null", null],
    ["a number", 1],
    ["a list", ["k"]],
    ["the empty list", []],
    ["an object", {}],
    ["an object that names a method", { toString: "k" }],
    ["false", false],
  ])("rejects kid: %s (T04)", (_case, kid) => {
    expect(readJwtSvidHeader(json({ alg: "ES256", kid }))).toEqual(refused("header-key-id"));
  });

  test.each([
    ["two algs, the valid one first (T10)", '{"alg":"ES256","alg":"none"}', "header-duplicate-member"],
    ["two algs, the valid one last (T10)", '{"alg":"none","alg":"ES256"}', "header-duplicate-member"],
    ["two algs that are equal (T10)", '{"alg":"ES256","alg":"ES256"}', "header-duplicate-member"],
    ["two kids (T10)", '{"alg":"ES256","kid":"a","kid":"b"}', "header-duplicate-member"],
    ["two kids, one escaped (T10)", String.raw`{"alg":"ES256","kid":"a","\u006bid":"b"}`, "header-duplicate-member"],
    ["two typs (T10)", '{"alg":"ES256","typ":"JWT","typ":"at+jwt"}', "header-duplicate-member"],
    ["two algs far apart (T10)", '{"alg":"none","kid":"k","typ":"JWT","alg":"ES256"}', "header-duplicate-member"],
    ["deep nesting (T19)", `{"alg":${"[".repeat(50)}${"]".repeat(50)}}`, "header-too-deep"],
    ["text that is not JSON", "alg=ES256", "header-not-json"],
    ["JSON that is not an object", "[]", "header-not-object"],
  ])("rejects %s", (_case, header, reason) => {
    expect(readJwtSvidHeader(json(header))).toEqual(refused(reason));
  });

  test("rejects bytes that are not UTF-8", () => {
    expect(readJwtSvidHeader(Uint8Array.of(0xff))).toEqual(refused("header-not-utf8"));
  });
});
