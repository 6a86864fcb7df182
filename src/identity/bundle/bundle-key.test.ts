import { describe, expect, test } from "vitest";
import { readBundleKey } from "./bundle-key.ts";

const RSA_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const number = (bytes: readonly number[] | Uint8Array) => Buffer.from(bytes).toString("base64url");
const modulus = (bits: number) =>
  number(Uint8Array.of(1 << ((bits - 1) % 8), ...new Uint8Array(Math.ceil(bits / 8) - 1).fill(255)));
const EC = { use: "jwt-svid", kid: "k", kty: "EC", crv: "P-256", x: "eA", y: "eQ" };
const RSA = { use: "jwt-svid", kid: "k", kty: "RSA", n: modulus(2048), e: "AQAB" };

describe("readBundleKey", () => {
  test.each([
    ["P-256", "ES256"],
    ["P-384", "ES384"],
    ["P-521", "ES512"],
  ])("allows a key on %s only %s (J16)", (crv, alg) => {
    expect(readBundleKey({ ...EC, crv })).toEqual({
      kid: "k",
      jwk: { kty: "EC", crv, x: "eA", y: "eQ" },
      algorithms: [alg],
    });
  });

  test("allows an RSA key six algorithms and keeps only the members that define the key (J16)", () => {
    const entry = { ...RSA, key_ops: ["sign"], ext: false, x5c: ["x"], foo: 1 };
    expect(readBundleKey(entry)).toEqual({
      kid: "k",
      jwk: { kty: "RSA", n: RSA.n, e: "AQAB" },
      algorithms: RSA_ALGORITHMS,
    });
  });

  test("limits a key to the algorithm in its alg (T03)", () => {
    expect(readBundleKey({ ...RSA, alg: "PS384" })).toMatchObject({ algorithms: ["PS384"] });
    expect(readBundleKey({ ...EC, alg: "ES256" })).toMatchObject({ algorithms: ["ES256"] });
  });

  test.each([
    ["no use (B03)", { ...EC, use: undefined }, "use"],
    ["an X.509 authority (B03, J13)", { ...EC, use: "x509-svid" }, "use"],
    ["another case of use (B03)", { ...EC, use: "JWT-SVID" }, "use"],
    ["an unknown use (B03)", { ...EC, use: "sig" }, "use"],
    ["a WIT key (T24)", { ...EC, use: "wit-svid" }, "use"],
    ["no kty (B02)", { ...EC, kty: undefined }, "key-type"],
    ["an unknown kty (B02)", { ...EC, kty: "XYZ" }, "key-type"],
    ["another case of kty (B02)", { ...EC, kty: "ec" }, "key-type"],
    ["Ed25519 (J04)", { ...EC, kty: "OKP", crv: "Ed25519" }, "key-type"],
    ["an unsupported curve", { ...EC, crv: "secp256k1" }, "key-type"],
    ["no curve", { ...EC, crv: undefined }, "key-type"],
    ["a point without y", { ...EC, y: undefined }, "key-type"],
    ["no modulus", { ...RSA, n: undefined }, "key-type"],
    ["a modulus that is not base64url", { ...RSA, n: `${RSA.n}=` }, "key-type"],
    ["an exponent that is a number", { ...RSA, e: 65_537 }, "key-type"],
    ["no kid (J14)", { ...EC, kid: undefined }, "key-id-missing"],
    ["an empty kid (J14)", { ...EC, kid: "" }, "key-id-missing"],
    ["a kid that is not a string (J14)", { ...EC, kid: 7 }, "key-id-missing"],
    ["the algorithm of another curve (J16)", { ...EC, alg: "ES384" }, "algorithm"],
    ["the algorithm of another key type (J16)", { ...RSA, alg: "ES256" }, "algorithm"],
    ["a symmetric algorithm (T03)", { ...RSA, alg: "HS256" }, "algorithm"],
    ["RSA of 1024 bits (T21)", { ...RSA, n: modulus(1024) }, "rsa-strength"],
    ["RSA of 2047 bits (J16)", { ...RSA, n: modulus(2047) }, "rsa-strength"],
    ["RSA of 8193 bits", { ...RSA, n: modulus(8193) }, "rsa-strength"],
    [
      "2048 bits, mainly leading zeros (T21)",
      { ...RSA, n: number([...new Uint8Array(128), ...Buffer.from(modulus(1024), "base64url")]) },
      "rsa-strength",
    ],
    ["a modulus of zero", { ...RSA, n: number(new Uint8Array(256)) }, "rsa-strength"],
    ["the exponent 1 (T21)", { ...RSA, e: "AQ" }, "rsa-strength"],
    ["the exponent 3 (T21)", { ...RSA, e: "Aw" }, "rsa-strength"],
    ["the exponent 65536", { ...RSA, e: number([1, 0, 0]) }, "rsa-strength"],
    ["an exponent of 33 bits", { ...RSA, e: number([1, 0, 0, 0, 1]) }, "rsa-strength"],
  ])("ignores an entry with %s", (_case, entry, reason) => {
    expect(readBundleKey(entry)).toBe(reason);
  });
});
