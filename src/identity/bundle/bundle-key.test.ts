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
  ])("J16 fits %s with %s alone", (crv, alg) => {
    expect(readBundleKey({ ...EC, crv })).toEqual({
      kid: "k",
      jwk: { kty: "EC", crv, x: "eA", y: "eQ" },
      algorithms: [alg],
    });
  });

  test("J16 fits RSA with six algorithms, and takes no member but those that make the key", () => {
    const entry = { ...RSA, key_ops: ["sign"], ext: false, x5c: ["x"], foo: 1 };
    expect(readBundleKey(entry)).toEqual({
      kid: "k",
      jwk: { kty: "RSA", n: RSA.n, e: "AQAB" },
      algorithms: RSA_ALGORITHMS,
    });
  });

  test("T03 keeps a key to the algorithm that it names", () => {
    expect(readBundleKey({ ...RSA, alg: "PS384" })).toMatchObject({ algorithms: ["PS384"] });
    expect(readBundleKey({ ...EC, alg: "ES256" })).toMatchObject({ algorithms: ["ES256"] });
  });

  test.each([
    ["B03 no use", { ...EC, use: undefined }, "use"],
    ["B03, J13 an X.509 authority", { ...EC, use: "x509-svid" }, "use"],
    ["B03 another case of use", { ...EC, use: "JWT-SVID" }, "use"],
    ["B03 an unknown use", { ...EC, use: "sig" }, "use"],
    ["T24 a WIT key", { ...EC, use: "wit-svid" }, "use"],
    ["B02 no kty", { ...EC, kty: undefined }, "key-type"],
    ["B02 an unknown kty", { ...EC, kty: "XYZ" }, "key-type"],
    ["B02 another case of kty", { ...EC, kty: "ec" }, "key-type"],
    ["J04 Ed25519", { ...EC, kty: "OKP", crv: "Ed25519" }, "key-type"],
    ["a curve that is none of the three", { ...EC, crv: "secp256k1" }, "key-type"],
    ["no curve", { ...EC, crv: undefined }, "key-type"],
    ["half a point", { ...EC, y: undefined }, "key-type"],
    ["no modulus", { ...RSA, n: undefined }, "key-type"],
    ["a modulus that is no base64url", { ...RSA, n: `${RSA.n}=` }, "key-type"],
    ["an exponent that is a number", { ...RSA, e: 65_537 }, "key-type"],
    ["J14 no kid", { ...EC, kid: undefined }, "key-id-missing"],
    ["J14 an empty kid", { ...EC, kid: "" }, "key-id-missing"],
    ["J14 a kid that is no text", { ...EC, kid: 7 }, "key-id-missing"],
    ["J16 the algorithm of another curve", { ...EC, alg: "ES384" }, "algorithm"],
    ["J16 the algorithm of another key type", { ...RSA, alg: "ES256" }, "algorithm"],
    ["T03 a symmetric algorithm", { ...RSA, alg: "HS256" }, "algorithm"],
    ["T21 RSA of 1024 bits", { ...RSA, n: modulus(1024) }, "rsa-strength"],
    ["J16 RSA of 2047 bits", { ...RSA, n: modulus(2047) }, "rsa-strength"],
    ["RSA of 8193 bits", { ...RSA, n: modulus(8193) }, "rsa-strength"],
    [
      "T21 2048 bits, most of them leading zeros",
      { ...RSA, n: number([...new Uint8Array(128), ...Buffer.from(modulus(1024), "base64url")]) },
      "rsa-strength",
    ],
    ["a modulus of zero", { ...RSA, n: number(new Uint8Array(256)) }, "rsa-strength"],
    ["T21 the exponent 1", { ...RSA, e: "AQ" }, "rsa-strength"],
    ["T21 the exponent 3", { ...RSA, e: "Aw" }, "rsa-strength"],
    ["the exponent 65536", { ...RSA, e: number([1, 0, 0]) }, "rsa-strength"],
    ["an exponent of 33 bits", { ...RSA, e: number([1, 0, 0, 0, 1]) }, "rsa-strength"],
  ])("ignores %s", (_case, entry, reason) => {
    expect(readBundleKey(entry)).toBe(reason);
  });
});
