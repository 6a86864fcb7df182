import { CompactSign, SignJWT, base64url, exportJWK, exportPKCS8, exportSPKI, importPKCS8 } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { verifyJwtSvid, type JwtSvidOptions } from "./jwt-svid.ts";
import { bundleOf, mint, mintingKey, part, signatureOf, type MintingKey } from "./minting.fixture.ts";
import type { TrustBundle } from "../bundle/trust-bundle.ts";

const NOW = 1_800_000_000;
const CLAIMS = { sub: "spiffe://example.org/web", aud: ["spike-nexus"], exp: NOW + 300, iat: NOW };
const ALGORITHMS = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

const keys = new Map<string, MintingKey>();
let bundle: TrustBundle;
let es256: MintingKey;
let token: string;

beforeAll(async () => {
  for (const key of await Promise.all(ALGORITHMS.map((alg) => mintingKey(alg)))) keys.set(key.alg, key);
  bundle = await bundleOf(...[...keys.values()].map((key) => key.entry));
  es256 = keys.get("ES256")!;
  token = await mint(es256, CLAIMS);
});

function trusting(trust: Readonly<Record<string, TrustBundle>>): JwtSvidOptions {
  const bundles = new Map<string, TrustBundle>(Object.entries(trust));
  return { audience: "spike-nexus", now: NOW * 1000, bundleOf: (trustDomain) => bundles.get(trustDomain) };
}

async function verify(candidate: string, trust: Readonly<Record<string, TrustBundle>> = { "example.org": bundle }) {
  const verdict = await verifyJwtSvid(candidate, trusting(trust));
  return verdict.ok ? verdict.id : verdict.reason;
}

describe("verifyJwtSvid accepts", () => {
  test.each(ALGORITHMS)("J03 %s", async (alg) => {
    const verdict = await verifyJwtSvid(await mint(keys.get(alg)!, CLAIMS), trusting({ "example.org": bundle }));
    expect(verdict).toEqual({ ok: true, id: CLAIMS.sub, expiresAt: (NOW + 300) * 1000 });
  });

  test("what jose itself signs", async () => {
    const signed = await new SignJWT(CLAIMS)
      .setProtectedHeader({ alg: "ES256", kid: es256.kid })
      .sign(es256.privateKey);
    expect(await verify(signed)).toBe(CLAIMS.sub);
  });

  test("an RSA key under each algorithm that it is for", async () => {
    const { kid, privateKey } = keys.get("RS256")!;
    const pkcs8 = await exportPKCS8(privateKey);
    const key: MintingKey = { ...es256, alg: "PS256", kid, privateKey: await importPKCS8(pkcs8, "PS256") };
    expect(await verify(await mint(key, CLAIMS))).toBe(CLAIMS.sub);
  });

  test("J15 a token without kid, by any of the domain's keys, up to the fourth", async () => {
    const many = await Promise.all(["a", "b", "c", "d", "e"].map((kid) => mintingKey("ES256", kid)));
    const domain = { "example.org": await bundleOf(...many.map((key) => key.entry)) };
    const verdicts = await Promise.all(
      many.map(async (key) => verify(await mint(key, CLAIMS, { alg: "ES256" }), domain)),
    );
    expect(verdicts).toEqual([CLAIMS.sub, CLAIMS.sub, CLAIMS.sub, CLAIMS.sub, "signature"]);
  });

  test("ID20 each domain's tokens by that domain's keys, one kid in both (T27)", async () => {
    const other = await mintingKey("ES256", es256.kid);
    const both = { "example.org": bundle, "other.org": await bundleOf(other.entry) };
    expect(await verify(token, both)).toBe(CLAIMS.sub);
    expect(await verify(await mint(other, { ...CLAIMS, sub: "spiffe://other.org/web" }), both)).toBe(
      "spiffe://other.org/web",
    );
  });
});

describe("verifyJwtSvid and the bundle of the trust domain", () => {
  test("J12 a domain that is not trusted", async () => {
    expect(await verify(token, {})).toBe("trust-domain-unknown");
    expect(await verify(token, { "other.org": bundle })).toBe("trust-domain-unknown");
  });

  test("B06, T26 an empty bundle refuses everything, with kid and without", async () => {
    const revoked = { "example.org": await bundleOf() };
    expect(await verify(token, revoked)).toBe("key-unknown");
    expect(await verify(await mint(es256, CLAIMS, { alg: "ES256" }), revoked)).toBe("key-unknown");
  });

  test("ID20, T27 another domain's key under the same kid", async () => {
    const other = await mintingKey("ES256", es256.kid);
    const both = { "example.org": bundle, "other.org": await bundleOf(other.entry) };
    expect(await verify(await mint(other, CLAIMS), both)).toBe("signature");
    expect(await verify(await mint(es256, { ...CLAIMS, sub: "spiffe://other.org/web" }), both)).toBe("signature");
    expect(await verify(await mint(other, CLAIMS, { alg: "ES256" }), both)).toBe("signature");
  });

  test("J12 the issuer's name chooses no key", async () => {
    const other = await mintingKey("ES256", "other");
    const both = { "example.org": bundle, "other.org": await bundleOf(other.entry) };
    expect(await verify(await mint(other, { ...CLAIMS, iss: "spiffe://other.org" }), both)).toBe("key-unknown");
  });

  test("T05 a kid that the bundle has twice", async () => {
    const other = await mintingKey("ES256", es256.kid);
    const ambiguous = { "example.org": await bundleOf(es256.entry, other.entry) };
    expect(await verify(token, ambiguous)).toBe("key-unknown");
    expect(await verify(await mint(es256, CLAIMS, { alg: "ES256" }), ambiguous)).toBe("key-unknown");
  });

  test.each([
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "../../etc/passwd",
    "' OR 1=1 --",
    "https://evil.org/jwks",
    "ES256-KEY",
    "ES256-key ",
    "x".repeat(5000),
  ])("T04 the kid %s", async (kid) => {
    expect(await verify(await mint(es256, CLAIMS, { alg: "ES256", kid }))).toBe("key-unknown");
  });

  test("T04 a kid of 10 kB is too large a token", async () => {
    expect(await verify(await mint(es256, CLAIMS, { alg: "ES256", kid: "x".repeat(10_000) }))).toBe("token-too-large");
  });

  test.each([
    ["J16, T20 an ES256 key with ES384", "ES256", "ES384"],
    ["J16 an RSA key with ES256", "RS256", "ES256"],
    ["J16 an EC key with RS256", "ES256", "RS256"],
  ])("%s", async (_case, signer, alg) => {
    const key = keys.get(signer)!;
    expect(await verify(await mint(key, CLAIMS, { alg, kid: key.kid }))).toBe("key-algorithm");
  });

  test("T03 a key that names its algorithm serves no other", async () => {
    const key = keys.get("RS256")!;
    const bound = { "example.org": await bundleOf({ ...key.entry, alg: "PS256" }) };
    expect(await verify(await mint(key, CLAIMS), bound)).toBe("key-algorithm");
    expect(await verify(await mint(key, CLAIMS, { alg: "RS256" }), bound)).toBe("key-unknown");
  });

  test("T03 a signature of PKCS #1 under the name of PSS", async () => {
    const key = keys.get("RS256")!;
    expect(await verify(await mint(key, CLAIMS, { alg: "PS256", kid: key.kid }))).toBe("signature");
  });
});

describe("verifyJwtSvid refuses other kinds of signature", () => {
  test("T02 HS256 with the public key as secret, in every form", async () => {
    const { kid, entry } = keys.get("RS256")!;
    const der = await crypto.subtle.exportKey("spki", bundle.keys.get(kid)!.get("RS256")!);
    const pem = await exportSPKI(bundle.keys.get(kid)!.get("RS256")!);
    const forms = [pem, pem.trim(), Buffer.from(der).toString("latin1"), JSON.stringify(entry), entry.n ?? ""];
    for (const secret of forms) {
      const signed = await new SignJWT(CLAIMS)
        .setProtectedHeader({ alg: "HS256", kid })
        .sign(new TextEncoder().encode(secret.padEnd(32)));
      expect(await verify(signed)).toBe("header-algorithm");
      expect(await verify(signed.replace(/^[^.]+/, part({ alg: "RS256", kid })))).toBe("signature");
    }
  });

  test("J04 Ed25519, even if the bundle lists the key", async () => {
    const key = await mintingKey("EdDSA");
    const domain = { "example.org": await bundleOf(key.entry) };
    expect(await verify(await mint(key, CLAIMS), domain)).toBe("header-algorithm");
    expect(await verify(await mint(key, CLAIMS, { alg: "ES256", kid: key.kid }), domain)).toBe("key-unknown");
  });

  test.each(["none", "None", "NONE", "nOnE"])("T01 alg %s, with and without a signature", async (alg) => {
    const unsigned = `${part({ alg })}.${part(CLAIMS)}`;
    expect(await verify(`${unsigned}.`)).toBe("token-not-compact");
    expect(await verify(`${unsigned}.AA`)).toBe("header-algorithm");
    expect(await verify(`${unsigned}.${token.split(".")[2]}`)).toBe("header-algorithm");
  });

  test("T06 the attacker's own key in the header", async () => {
    const evil = await mintingKey("ES256");
    const header = { alg: "ES256", jwk: evil.entry };
    expect(await verify(await mint(evil, CLAIMS, header))).toBe("header-member");
  });

  test("T08 an unencoded payload", async () => {
    const signed = await new CompactSign(new TextEncoder().encode(JSON.stringify(CLAIMS)))
      .setProtectedHeader({ alg: "ES256", b64: true, crit: ["b64"] })
      .sign(es256.privateKey);
    expect(await verify(signed)).toBe("header-member");
  });

  test("T21 RSA of 1024 bits, and the exponent 3", async () => {
    for (const [modulusLength, exponent] of [
      [1024, [1, 0, 1]],
      [2048, [3]],
    ] as const) {
      const algorithm = {
        name: "RSASSA-PKCS1-v1_5",
        hash: "SHA-256",
        modulusLength,
        publicExponent: Uint8Array.from(exponent),
      };
      const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
      const entry = { ...(await exportJWK(pair.publicKey)), kid: "weak", use: "jwt-svid" };
      const weak: MintingKey = { alg: "RS256", kid: "weak", privateKey: pair.privateKey, entry };
      const domain = { "example.org": await bundleOf(entry) };
      expect(await verify(await mint(weak, CLAIMS), domain)).toBe("key-unknown");
    }
  });

  test.each([0, 20, 31, 33])("T21 PS256 with a salt of %s bytes", async (saltLength) => {
    const key = keys.get("PS256")!;
    const input = `${part({ alg: "PS256", kid: key.kid })}.${part(CLAIMS)}`;
    const signature = await signatureOf(key, input, { name: "RSA-PSS", saltLength });
    expect(await verify(`${input}.${base64url.encode(signature)}`)).toBe("signature");
  });
});

describe("verifyJwtSvid refuses a wrong signature", () => {
  const withSignature = (signature: Uint8Array) => `${token.split(".", 2).join(".")}.${base64url.encode(signature)}`;
  const signatureBytes = () => base64url.decode(token.split(".").at(-1) ?? "");

  test("any one bit of it flipped", async () => {
    const bits = signatureBytes().length * 8;
    for (let bit = 0; bit < bits; bit++) {
      const signature = signatureBytes();
      signature.set([(signature[bit >> 3] ?? 0) ^ (1 << (bit & 7))], bit >> 3);
      expect(await verify(withSignature(signature))).toBe("signature");
    }
  });

  test.each([
    ["T20 all zeros", () => new Uint8Array(64)],
    ["T20 r zero", () => signatureBytes().fill(0, 0, 32)],
    ["T20 s zero", () => signatureBytes().fill(0, 32)],
    ["all ones", () => new Uint8Array(64).fill(255)],
    ["T20 DER", () => der(signatureBytes())],
    ["one byte short", () => signatureBytes().subarray(0, 63)],
    ["one byte long", () => Uint8Array.of(...signatureBytes(), 0)],
    ["one byte in all", () => Uint8Array.of(0)],
    ["r and s swapped", () => Uint8Array.of(...signatureBytes().subarray(32), ...signatureBytes().subarray(0, 32))],
  ])("%s", async (_case, signature) => {
    expect(await verify(withSignature(signature()))).toBe("signature");
  });

  test.each(ALGORITHMS)("the %s signature of another token", async (alg) => {
    const key = keys.get(alg)!;
    const [own, other] = await Promise.all([
      mint(key, CLAIMS),
      mint(key, { ...CLAIMS, sub: "spiffe://example.org/admin" }),
    ]);
    const [header, , signature] = own.split(".");
    expect(await verify([header, other.split(".")[1], signature].join("."))).toBe("signature");
  });

  test("of a stranger's key", async () => {
    const stranger = { ...(await mintingKey("ES256")), kid: es256.kid };
    expect(await verify(await mint(stranger, CLAIMS))).toBe("signature");
  });
});

describe("verifyJwtSvid, signed by the right key, still refuses", () => {
  const J = JSON.stringify;
  test.each([
    ["J06 another typ", CLAIMS, { alg: "ES256", kid: "ES256-key", typ: "at+jwt" }, "header-type"],
    ["T10 two algs", CLAIMS, '{"alg":"none","kid":"ES256-key","alg":"ES256"}', "header-duplicate-member"],
    ["T10 two subs", `{"sub":"spiffe://evil.org/x",${J(CLAIMS).slice(1)}`, undefined, "claims-duplicate-member"],
    ["J07 no subject", { ...CLAIMS, sub: undefined }, undefined, "subject"],
    ["J08 no audience", { ...CLAIMS, aud: undefined }, undefined, "audience-malformed"],
    ["J09, T25 another audience", { ...CLAIMS, aud: "vault" }, undefined, "audience-other"],
    ["J10 no expiry", { ...CLAIMS, exp: undefined }, undefined, "expiry-malformed"],
    ["J11 an expired token", { ...CLAIMS, exp: NOW - 31, iat: NOW - 90 }, undefined, "expired"],
    ["J17 a token of the future", { ...CLAIMS, nbf: NOW + 100 }, undefined, "not-yet-valid"],
    ["T19 thousands of brackets", `{"a":${"[".repeat(2000)}${"]".repeat(2000)}}`, undefined, "claims-too-deep"],
    ["T18 a large token", { ...CLAIMS, x: "x".repeat(8192) }, undefined, "token-too-large"],
    ["claims that are no object", [CLAIMS], undefined, "claims-not-object"],
  ])("%s", async (_case, claims, header, reason) => {
    expect(await verify(await mint(es256, claims, header))).toBe(reason);
  });

  test("T14 a lifetime above the cap", async () => {
    const options = { ...trusting({ "example.org": bundle }), maxLifetimeSeconds: 299 };
    expect(await verifyJwtSvid(token, options)).toEqual({ ok: false, reason: "lifetime" });
  });
});

test("T30 a refusal is a code and nothing else", async () => {
  for (const [claims, header] of [
    [{ ...CLAIMS, aud: "canary" }, undefined],
    [{ ...CLAIMS, exp: 1, canary: 1 }, undefined],
    [CLAIMS, { alg: "canary" }],
    [CLAIMS, { alg: "ES256", kid: "canary" }],
  ] as const) {
    const verdict = await verifyJwtSvid(await mint(es256, claims, header), trusting({ "example.org": bundle }));
    expect(Object.keys(verdict)).toEqual(["ok", "reason"]);
    expect(JSON.stringify(verdict)).toMatch(/^\{"ok":false,"reason":"[a-z-]+"\}$/);
    expect(JSON.stringify(verdict)).not.toContain("canary");
  }
});

test("J03 the trust domain is not looked up before header and claims hold", async () => {
  const lookUps: string[] = [];
  const options = { ...trusting({}), bundleOf: (trustDomain: string) => void lookUps.push(trustDomain) };
  await verifyJwtSvid(await mint(es256, CLAIMS, { alg: "none" }), options);
  await verifyJwtSvid(await mint(es256, { ...CLAIMS, aud: "other" }), options);
  expect(lookUps).toEqual([]);
  await verifyJwtSvid(token, options);
  expect(lookUps).toEqual(["example.org"]);
});

/** The signature as ASN.1 SEQUENCE of two INTEGERs, as TLS and X.509 have it and JWS does not. */
function der(p1363: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array) => {
    const trimmed = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
    const unsigned = (trimmed[0] ?? 0) > 127 ? Uint8Array.of(0, ...trimmed) : trimmed;
    return [2, unsigned.length, ...unsigned];
  };
  const body = [...integer(p1363.subarray(0, 32)), ...integer(p1363.subarray(32))];
  return Uint8Array.of(0x30, body.length, ...body);
}
