import { SignJWT, base64url, exportJWK, exportSPKI } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { bundleOf, mint, mintingKey, part, signatureOf, signingBy, type MintingKey } from "./minting.fixture.ts";
import {
  SHA256_INFO,
  SHA256_INFO_WITHOUT_NULL,
  cubeRootSignature,
  paddedBlock,
  rawRsaSignature,
} from "./rsa-block.fixture.ts";
import { verifyToken } from "./verify-token.fixture.ts";
import type { TrustBundle } from "../bundle/trust-bundle.ts";

const NOW = 1_800_000_000;
const CLAIMS = { sub: "spiffe://example.org/web", aud: "spike-nexus", exp: NOW + 300 };

/** The algorithm, the length of r and of s, and the order of the group. */
const CURVES = [
  ["ES256", 32, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"],
  ["ES384", 48, `${"f".repeat(48)}c7634d81f4372ddf581a0db248b0a77aecec196accc52973`],
  ["ES512", 66, `01${"f".repeat(64)}fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`],
] as const;

const keys = new Map<string, MintingKey>();
let bundle: TrustBundle;

beforeAll(async () => {
  const made = await Promise.all(["ES256", "ES384", "ES512", "RS256"].map((alg) => mintingKey(alg)));
  for (const key of made) keys.set(key.alg, key);
  keys.set("PS256", await signingBy("PS256", keyOf("RS256")));
  bundle = await bundleOf(...made.map((key) => key.entry));
});

const keyOf = (alg: string) => keys.get(alg)!;
const headerOf = (alg: string) => ({ alg, kid: keyOf(alg).kid });
const publicKeyOf = (alg: string) => bundle.keys.get(keyOf(alg).kid)!.get(alg as "ES256")!;

async function verify(token: string, trusted = bundle) {
  const verdict = await verifyToken(token, { audience: "spike-nexus", now: NOW * 1000, bundleOf: () => trusted });
  return verdict.ok ? verdict.id : verdict.reason;
}

const inputOf = (alg: string) => `${part(headerOf(alg))}.${part(CLAIMS)}`;
const withSignature = (alg: string, signature: Uint8Array) => `${inputOf(alg)}.${base64url.encode(signature)}`;

describe("an algorithm that JWT-SVID does not allow is rejected with any signature:", () => {
  test("alg none in any case, unsigned or with a valid signature (T01, J04)", async () => {
    const good = (await mint(keyOf("ES256"), CLAIMS)).split(".")[2];
    for (let bits = 0; bits < 16; bits++) {
      const alg = Array.from("none", (letter, index) => ((bits >> index) & 1 ? letter.toUpperCase() : letter)).join("");
      const unsigned = `${part({ alg, kid: "ES256-key" })}.${part(CLAIMS)}`;
      expect(await verify(unsigned)).toBe("token-not-compact");
      expect(await verify(`${unsigned}.`)).toBe("token-not-compact");
      expect(await verify(`${unsigned}.AA`)).toBe("header-algorithm");
      expect(await verify(`${unsigned}.${good}`)).toBe("header-algorithm");
    }
  });

  test.each([
    ["ES256", "HS256"],
    ["ES384", "HS384"],
    ["ES512", "HS512"],
    ["RS256", "HS256"],
    ["RS256", "HS512"],
  ])("with the public key of %s, in any encoding, as secret of %s (T02, J04)", async (alg, hmac) => {
    const { kid, entry } = keyOf(alg);
    const der = Buffer.from(await crypto.subtle.exportKey("spki", publicKeyOf(alg)));
    const pem = await exportSPKI(publicKeyOf(alg));
    const { use: _use, kid: _kid, ...bare } = entry;
    const texts = [pem, pem.trim(), `${pem}\n`, pem.replaceAll("\n", "\r\n"), der.toString("base64")];
    const jwks = [entry, bare, { keys: [entry] }].flatMap((each) => [
      JSON.stringify(each),
      JSON.stringify(each, null, 2),
    ]);
    const members = [entry.x, entry.n].filter((member) => member !== undefined);
    const secrets = [der, ...[...texts, ...jwks, ...members].map((text) => Buffer.from(text))];
    for (const secret of secrets) {
      const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: `SHA-${hmac.slice(2)}` }, false, [
        "sign",
      ]);
      for (const claimed of [hmac, alg]) {
        const input = `${part({ alg: claimed, kid })}.${part(CLAIMS)}`;
        const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, Buffer.from(input)));
        expect(await verify(`${input}.${base64url.encode(mac)}`)).toBe(
          claimed === hmac ? "header-algorithm" : "signature",
        );
      }
    }
  });

  test("with a symmetric key in the bundle (T02)", async () => {
    const secret = new TextEncoder().encode("a secret that everybody who has the bundle knows");
    const token = await new SignJWT(CLAIMS).setProtectedHeader({ alg: "HS256", kid: "oct" }).sign(secret);
    const entry = { kty: "oct", k: base64url.encode(secret), kid: "oct", use: "jwt-svid" };
    await expect(bundleOf(entry)).rejects.toThrow("holds a private key");
    expect(await verify(token)).toBe("header-algorithm");
  });

  test("Ed25519, even if the bundle lists the key (J04)", async () => {
    const key = await mintingKey("EdDSA");
    const trusted = await bundleOf(key.entry);
    expect(await verify(await mint(key, CLAIMS), trusted)).toBe("header-algorithm");
    expect(await verify(await mint(key, CLAIMS, { alg: "ES256", kid: key.kid }), trusted)).toBe("key-unknown");
  });

  test("with the attacker's own key in the header (T06)", async () => {
    const evil = await mintingKey("ES256");
    expect(await verify(await mint(evil, CLAIMS, { alg: "ES256", jwk: evil.entry }))).toBe("header-member");
    expect(await verify(await mint(evil, CLAIMS, { ...headerOf("ES256"), jwk: evil.entry }))).toBe("header-member");
  });
});

describe.each(CURVES)("the signature of %s (T20)", (alg, size, order) => {
  const zeros = new Uint8Array(size);
  const n = Uint8Array.from(Buffer.from(order, "hex"));
  const halves = async () => {
    const signature = await signatureOf(keyOf(alg), inputOf(alg));
    return { r: signature.subarray(0, size), s: signature.subarray(size) };
  };

  test("is accepted in exactly one form", async () => {
    const { r, s } = await halves();
    const one = Uint8Array.from({ length: size }, (_, index) => Number(index === size - 1));
    expect(await verify(withSignature(alg, Uint8Array.of(...r, ...s)))).toBe(CLAIMS.sub);
    for (const [name, signature] of [
      ["all zeros", [...zeros, ...zeros]],
      ["r zero", [...zeros, ...s]],
      ["s zero", [...r, ...zeros]],
      ["r and s one", [...one, ...one]],
      ["r the order", [...n, ...s]],
      ["s the order", [...r, ...n]],
      ["both the order", [...n, ...n]],
      ["all ones", Array.from({ length: 2 * size }, () => 255)],
      ["r and s swapped", [...s, ...r]],
      ["r twice", [...r, ...r]],
      ["r alone", [...r]],
      ["one byte less", [...r, ...s.subarray(0, -1)]],
      ["one byte more", [...r, ...s, 0]],
      ["a zero before each half", [0, ...r, 0, ...s]],
      ["a single byte", [0]],
      ["DER", der(r, s)],
      ["DER of zeros", [0x30, 6, 2, 1, 0, 2, 1, 0]],
    ] as const) {
      expect([name, await verify(withSignature(alg, Uint8Array.from(signature)))]).toEqual([name, "signature"]);
    }
  });

  test("is also accepted as (r, n − s), which the standard allows and which proves the same identity", async () => {
    const { r, s } = await halves();
    const other = BigInt(`0x${order}`) - BigInt(`0x${Buffer.from(s).toString("hex")}`);
    const negated = Buffer.from(other.toString(16).padStart(2 * size, "0"), "hex");
    expect(await verify(withSignature(alg, Uint8Array.of(...r, ...negated)))).toBe(CLAIMS.sub);
  });
});

describe("a signature is rejected", () => {
  test("with any one bit flipped", async () => {
    const good = await signatureOf(keyOf("ES256"), inputOf("ES256"));
    for (let bit = 0; bit < good.length * 8; bit++) {
      const signature = good.slice();
      signature.set([(signature[bit >> 3] ?? 0) ^ (1 << (bit & 7))], bit >> 3);
      expect(await verify(withSignature("ES256", signature))).toBe("signature");
    }
  });

  test("of another key under the same kid", async () => {
    for (const alg of ["ES256", "RS256"]) {
      const stranger = { ...(await mintingKey(alg)), kid: keyOf(alg).kid };
      expect(await verify(await mint(stranger, CLAIMS))).toBe("signature");
    }
  });

  test("of a key on one curve with the algorithm of another (T20, J16)", async () => {
    const [es256, es384] = [keyOf("ES256"), keyOf("ES384")];
    expect(await verify(await mint(es256, CLAIMS, { alg: "ES384", kid: es256.kid }))).toBe("key-algorithm");
    expect(await verify(await mint(es256, CLAIMS, { alg: "ES384", kid: es384.kid }))).toBe("signature");
    expect(await verify(await mint(es256, CLAIMS, { alg: "ES384" }))).toBe("signature");
    expect(await verify(await mint(es256, CLAIMS, { alg: "ES384" }), await bundleOf(es256.entry))).toBe("key-unknown");
    const input = `${part({ alg: "ES256", kid: es256.kid })}.${part(CLAIMS)}`;
    const otherHash = await signatureOf(es256, input, { name: "ECDSA", hash: "SHA-384" });
    expect(await verify(`${input}.${base64url.encode(otherHash)}`)).toBe("signature");
  });
});

describe("RSA (T21)", () => {
  const hash = async () => new Uint8Array(await crypto.subtle.digest("SHA-256", Buffer.from(inputOf("RS256"))));
  const raw = async (block: Uint8Array) =>
    verify(withSignature("RS256", await rawRsaSignature(keyOf("RS256").privateKey, block)));
  const garbage = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 37 + 1) & 255);

  test("rejects PKCS #1 v1.5 padding that deviates in any way", async () => {
    const digest = await hash();
    const proper = Uint8Array.of(...SHA256_INFO, ...digest);
    expect(await raw(paddedBlock(proper))).toBe(CLAIMS.sub);
    for (const [name, block] of [
      ["garbage after the hash", paddedBlock(proper, { trailing: garbage(194) })],
      ["one byte after the hash", paddedBlock(proper, { trailing: garbage(1) })],
      ["zeros after the hash", paddedBlock(proper, { trailing: new Uint8Array(100) })],
      ["the padding for encryption", paddedBlock(proper, { type: 2 })],
      ["the padding of zeros", paddedBlock(proper, { type: 0, padding: 0 })],
      ["padding that is not all ones", paddedBlock(proper, { padding: 0xfe })],
      ["no hash identifier", paddedBlock(digest)],
      ["no NULL", paddedBlock(Uint8Array.of(...SHA256_INFO_WITHOUT_NULL, ...digest))],
      ["the hash cut short", paddedBlock(proper.subarray(0, -1))],
      ["the hash of something else", paddedBlock(Uint8Array.of(...SHA256_INFO, ...garbage(32)))],
      ["nothing", new Uint8Array(256)],
    ] as const) {
      expect([name, await raw(block)]).toEqual([name, "signature"]);
    }
  });

  test.each([0, 20, 31, 33, 64])("rejects PS256 with a salt of %s bytes", async (saltLength) => {
    const signature = (length: number) =>
      signatureOf(keyOf("PS256"), inputOf("PS256"), { name: "RSA-PSS", saltLength: length });
    expect(await verify(withSignature("PS256", await signature(32)))).toBe(CLAIMS.sub);
    expect(await verify(withSignature("PS256", await signature(saltLength)))).toBe("signature");
  });

  test("rejects PKCS #1 v1.5 signatures as PSS and the reverse (T03)", async () => {
    const [rs256, ps256] = [keyOf("RS256"), keyOf("PS256")];
    expect(await verify(await mint(rs256, CLAIMS, headerOf("PS256")))).toBe("signature");
    expect(await verify(await mint(ps256, CLAIMS, headerOf("RS256")))).toBe("signature");
  });

  test.each([
    ["0", (length: number) => new Uint8Array(length)],
    ["1", (length: number) => Uint8Array.from({ length }, (_, index) => Number(index === length - 1))],
    ["all ones, above the modulus", (length: number) => new Uint8Array(length).fill(255)],
  ])("rejects the signature %s, of any length", async (_case, signatureOfLength) => {
    for (const alg of ["RS256", "PS256"]) {
      for (const length of [1, 128, 255, 256, 257, 512]) {
        expect(await verify(withSignature(alg, signatureOfLength(length)))).toBe("signature");
      }
    }
  });

  test.each([
    ["1024 bits", 1024, [1, 0, 1]],
    ["the exponent 3", 2048, [3]],
  ] as const)("rejects a key of %s", async (_case, modulusLength, publicExponent) => {
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength };
    const pair = await crypto.subtle.generateKey(
      { ...algorithm, publicExponent: Uint8Array.from(publicExponent) },
      true,
      ["sign", "verify"],
    );
    const entry = { ...(await exportJWK(pair.publicKey)), kid: "weak", use: "jwt-svid" };
    const weak: MintingKey = { alg: "RS256", kid: "weak", privateKey: pair.privateKey, entry };
    const trusted = await bundleOf(entry);
    expect(await verify(await mint(weak, CLAIMS), trusted)).toBe("key-unknown");
    expect(await verify(await mint(weak, CLAIMS, { alg: "RS256" }), trusted)).toBe("key-unknown");
  });

  test("rejects the exponent 1, with which the padded text is its own signature", async () => {
    const entry = { ...keyOf("RS256").entry, e: "AQ" };
    const forged = withSignature("RS256", paddedBlock(Uint8Array.of(...SHA256_INFO, ...(await hash()))));
    expect(await verify(forged, await bundleOf(entry))).toBe("key-unknown");
  });

  test("rejects a cube root as signature for the exponent 3, even with such a key in the bundle", async () => {
    const { kid = "", n = "" } = keyOf("RS256").entry;
    const proper = Uint8Array.of(...SHA256_INFO, ...(await hash()));
    const forged = withSignature("RS256", cubeRootSignature(paddedBlock(proper, { trailing: new Uint8Array(194) })));
    expect(await verify(forged, await bundleOf({ ...keyOf("RS256").entry, e: "Aw" }))).toBe("key-unknown");
    const rs256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("jwk", { kty: "RSA", n, e: "Aw" }, rs256, false, ["verify"]);
    const careless = { ...bundle, keys: new Map([[kid, new Map([["RS256", key]])]]) } as TrustBundle;
    expect(await verify(forged, careless)).toBe("signature");
  });
});

/** The signature as ASN.1 SEQUENCE of two INTEGERs, the form of TLS and X.509 but not of JWS. */
function der(r: Uint8Array, s: Uint8Array): readonly number[] {
  const integer = (bytes: Uint8Array) => {
    const trimmed = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
    const unsigned = (trimmed[0] ?? 0) > 127 ? Uint8Array.of(0, ...trimmed) : trimmed;
    return [2, unsigned.length, ...unsigned];
  };
  const body = [...integer(r), ...integer(s)];
  return body.length < 128 ? [0x30, body.length, ...body] : [0x30, 0x81, body.length, ...body];
}
