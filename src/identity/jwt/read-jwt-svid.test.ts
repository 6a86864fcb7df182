import { CompactEncrypt, CompactSign, FlattenedSign, GeneralSign, compactVerify } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import type { JwtSvidClaimsOptions } from "./jwt-svid-claims.ts";
import { bundleOf, json, mint, mintingKey, part, signatureOf, type MintingKey } from "./minting.fixture.ts";
import { readJwtSvid } from "./read-jwt-svid.ts";
import { verifyToken } from "./verify-token.fixture.ts";
import type { TrustBundle } from "../bundle/trust-bundle.ts";

const NOW = 1_800_000_000;
const CLAIMS = { sub: "spiffe://example.org/web", aud: ["spike-nexus"], exp: NOW + 300, iat: NOW };
const HEADER = { alg: "ES256", kid: "k" };
const J = JSON.stringify;
const options = { audience: "spike-nexus", now: NOW * 1000 };

let key: MintingKey;
let bundle: TrustBundle;

beforeAll(async () => {
  key = await mintingKey("ES256", "k");
  bundle = await bundleOf(key.entry);
});

function read(token: string, more: Partial<JwtSvidClaimsOptions> = {}) {
  const verdict = readJwtSvid(token, { ...options, ...more });
  return verdict.ok ? verdict.svid : verdict.reason;
}

/** Signs segments in any spelling, as the authority signs. */
async function signed(header: string, claims: string): Promise<string> {
  const input = `${header}.${claims}`;
  return `${input}.${Buffer.from(await signatureOf(key, input)).toString("base64url")}`;
}

describe("readJwtSvid returns", () => {
  test("the claims and the token itself", async () => {
    const token = await mint(key, CLAIMS);
    expect(read(token)).toEqual({ token, header: HEADER, id: CLAIMS.sub, expiresAt: (NOW + 300) * 1000 });
  });

  test("a token without kid (J15)", async () => {
    const token = await mint(key, CLAIMS, { alg: "ES256" });
    expect(read(token)).toMatchObject({ header: { alg: "ES256", kid: undefined } });
  });

  test("the same for any signature", () => {
    const token = `${part(HEADER)}.${part(CLAIMS)}.AA`;
    expect(read(token)).toMatchObject({ token, id: CLAIMS.sub });
  });

  test("a token with or without jti (J19)", async () => {
    for (const jti of [undefined, "1", 7, null]) {
      expect(read(await mint(key, { ...CLAIMS, jti }))).toMatchObject({ id: CLAIMS.sub });
    }
  });
});

describe("readJwtSvid rejects, even if the right key signed,", () => {
  const [first, last] = [J(CLAIMS).slice(0, -1), J(CLAIMS).slice(1)];

  test.each([
    [
      "a key in the header (T06)",
      CLAIMS,
      { ...HEADER, jwk: { kty: "EC", crv: "P-256", x: "", y: "" } },
      "header-member",
    ],
    ["the URL of a key (T06)", CLAIMS, { ...HEADER, jku: "https://evil.example/keys" }, "header-member"],
    ["a certificate (T06)", CLAIMS, { ...HEADER, x5c: ["MIIB"] }, "header-member"],
    ["a critical claim (T07)", CLAIMS, { ...HEADER, crit: ["exp"], exp: 1 }, "header-member"],
    ["a critical unknown member (T07)", CLAIMS, { ...HEADER, crit: ["x"], x: 1 }, "header-member"],
    ["a compression (T09)", CLAIMS, { ...HEADER, zip: "DEF" }, "header-member"],
    ["a content type (J05)", CLAIMS, { ...HEADER, cty: "JWT" }, "header-member"],
    ["two algs, the valid one last (T10)", CLAIMS, '{"alg":"none","kid":"k","alg":"ES256"}', "header-duplicate-member"],
    [
      "two algs, the valid one first (T10)",
      CLAIMS,
      '{"alg":"ES256","kid":"k","alg":"none"}',
      "header-duplicate-member",
    ],
    ["two subs, ours last (T10)", `{"sub":"spiffe://evil.org/x",${last}`, HEADER, "claims-duplicate-member"],
    ["two subs, ours first (T10)", `${first},"sub":"spiffe://evil.org/x"}`, HEADER, "claims-duplicate-member"],
    ["no subject (J07)", { ...CLAIMS, sub: undefined }, HEADER, "subject"],
    ["no audience (J08)", { ...CLAIMS, aud: undefined }, HEADER, "audience-malformed"],
    ["a token for another service (J09, T25)", { ...CLAIMS, aud: "vault" }, HEADER, "audience-other"],
    ["no expiry (J10)", { ...CLAIMS, exp: undefined }, HEADER, "expiry-malformed"],
    ["an expired token (J11)", { ...CLAIMS, exp: NOW - 31, iat: NOW - 90 }, HEADER, "expired"],
    ["a token that is not yet valid (J17)", { ...CLAIMS, nbf: NOW + 100 }, HEADER, "not-yet-valid"],
    ["a WIT-SVID (T24)", { ...CLAIMS, cnf: { jwk: {} } }, { ...HEADER, typ: "wit+jwt" }, "header-type"],
    [
      "a WIT-SVID that hides its type (T24)",
      { sub: CLAIMS.sub, exp: NOW + 300, cnf: {} },
      HEADER,
      "audience-malformed",
    ],
    ["an access token (T25)", CLAIMS, { ...HEADER, typ: "at+jwt" }, "header-type"],
    ["an ID token (T25)", { ...CLAIMS, sub: "248289761001", nonce: "n", azp: "client" }, HEADER, "subject"],
    ["an ID token for a client (T25)", { ...CLAIMS, aud: "client", nonce: "n" }, HEADER, "audience-other"],
    ["lists 2000 deep (T19)", `{"a":${"[".repeat(2000)}${"]".repeat(2000)}}`, HEADER, "claims-too-deep"],
    [
      "lists 2000 deep in the header (T19)",
      CLAIMS,
      `{"alg":${"[".repeat(2000)}${"]".repeat(2000)}}`,
      "header-too-deep",
    ],
    ["claims that are not an object", [CLAIMS], HEADER, "claims-not-object"],
  ])("%s", async (_case, claims, header, reason) => {
    expect(read(await mint(key, claims, header))).toBe(reason);
  });

  test("a lifetime above the maximum (T14)", async () => {
    const token = await mint(key, CLAIMS);
    expect(read(token, { maxLifetimeSeconds: 300 })).toMatchObject({ id: CLAIMS.sub });
    expect(read(token, { maxLifetimeSeconds: 299 })).toBe("lifetime");
  });

  test("several audiences if configured so (J18)", async () => {
    const token = await mint(key, { ...CLAIMS, aud: ["vault", "spike-nexus"] });
    expect(read(token)).toMatchObject({ id: CLAIMS.sub });
    expect(read(token, { severalAudiences: "refuse" })).toBe("audience-several");
  });

  test("claims that are not encoded or declared as such (T08)", async () => {
    const header = { ...HEADER, b64: false, crit: ["b64"] };
    const unencoded = JSON.stringify({ ...CLAIMS, sub: "spiffe://example/web" });
    expect(read(await signed(part(header), unencoded))).toBe("token-not-base64url");
    expect(read(await signed(part(header), part(CLAIMS)))).toBe("header-member");
    const sign = new CompactSign(json(CLAIMS)).setProtectedHeader({ ...HEADER, b64: true, crit: ["b64"] });
    expect(read(await sign.sign(key.privateKey))).toBe("header-member");
  });
});

describe("readJwtSvid rejects other spellings of a token, some of which jose accepts (T15):", () => {
  // Their lengths leave spare bits in the last character.
  const [header, claims] = [part({ ...HEADER, typ: "JOSE" }), part({ ...CLAIMS, jti: "1" })];
  const joseTakes = async (token: string) => {
    const publicKey = bundle.keys.get("k")?.get("ES256");
    return publicKey !== undefined && (await compactVerify(token, publicKey)).payload.length > 0;
  };

  test("the segments below have spare bits", async () => {
    expect([header.length % 4, claims.length % 4]).not.toContain(0);
    expect(read(await signed(header, claims))).toMatchObject({ id: CLAIMS.sub });
  });

  test.each([
    ["the header's trailing bits", () => signed(nextLetter(header), claims)],
    ["the claims' trailing bits", () => signed(header, nextLetter(claims))],
    ["the signature's trailing bits", async () => nextLetter(await signed(header, claims))],
    ["the signature's padding", async () => `${await signed(header, claims)}==`],
    ["the claims' padding", () => signed(header, claims.padEnd(Math.ceil(claims.length / 4) * 4, "="))],
  ])("%s", async (_case, spell) => {
    const token = await spell();
    expect(await joseTakes(token)).toBe(true);
    expect(read(token)).toBe("token-not-base64url");
  });

  test("+, / and white space", async () => {
    const wide = part({ ...CLAIMS, jti: "???>>>~~~ÿÿÿ" });
    const standard = wide.replaceAll("-", "+").replaceAll("_", "/");
    expect(standard).toMatch(/\+.*\/|\/.*\+/);
    expect(read(await signed(header, wide))).toMatchObject({ id: CLAIMS.sub });
    expect(read(await signed(header, standard))).toBe("token-not-base64url");
    const token = await signed(header, claims);
    for (const space of [" ", "\n", "\r\n", "\t", "\0"]) {
      expect(read(`${token}${space}`)).toBe("token-not-base64url");
      expect(read(`${space}${token}`)).toBe("token-not-base64url");
      expect(read(token.replace(".", `${space}.`))).toBe("token-not-base64url");
    }
  });
});

describe("readJwtSvid rejects other serialisations:", () => {
  test("a JWT that does not have exactly three segments (T16)", async () => {
    const token = await mint(key, CLAIMS);
    const [header, claims, signature] = token.split(".");
    const others = [
      `${header}.${claims}`,
      `${header}.${claims}.`,
      `.${claims}.${signature}`,
      `${header}..${signature}`,
    ];
    for (const other of [...others, `${token}.`, `.${token}`, `${token}.${signature}`, `${token}.${token}`]) {
      expect(read(other)).toBe("token-not-compact");
    }
  });

  test("the flattened and general JSON forms, also with an unprotected header (J01, J02, T17)", async () => {
    const flattened = await new FlattenedSign(json(CLAIMS)).setProtectedHeader(HEADER).sign(key.privateKey);
    const general = await new GeneralSign(json(CLAIMS)).addSignature(key.privateKey).setProtectedHeader(HEADER).sign();
    const unprotected = { ...flattened, header: { typ: "JWT" } };
    for (const form of [flattened, general, unprotected]) {
      expect(read(JSON.stringify(form))).toBe("token-not-compact");
      expect(read(part(form))).toBe("token-not-compact");
    }
    expect(read(JSON.stringify({ ...flattened, header: { kid: "a.b.c" } }))).toBe("token-not-base64url");
  });

  test("an encrypted token for any recipient (T17)", async () => {
    const header = { alg: "dir", enc: "A256GCM", cty: "JWT" };
    const encrypted = await new CompactEncrypt(json(await mint(key, CLAIMS)))
      .setProtectedHeader(header)
      .encrypt(new Uint8Array(32));
    expect(encrypted.split(".")).toHaveLength(5);
    expect(read(encrypted)).toBe("token-not-compact");
    expect(read(encrypted.replace("..", ".AA."))).toBe("token-not-compact");
  });
});

describe("readJwtSvid bounds its work", () => {
  test("for tokens of 8 KiB, 64 KiB and 1 MiB (T18)", async () => {
    const ofSize = async (size: number) => {
      const oversized = await mint(key, { ...CLAIMS, x: "x".repeat(Math.floor((size * 3) / 4)) });
      const spare = Math.ceil(((oversized.length - size) * 3) / 4);
      return mint(key, { ...CLAIMS, x: "x".repeat(Math.floor((size * 3) / 4) - spare) });
    };
    const fitting = await ofSize(8192);
    expect(fitting.length).toBeGreaterThan(8180);
    expect(await verifyToken(fitting, { ...options, bundleOf: () => bundle })).toMatchObject({ ok: true });
    for (const size of [8200, 65_536, 1_048_576]) expect(read(await ofSize(size))).toBe("token-too-large");
  });

  test("for 100 000 claims, and for the maximum that fits (T19)", async () => {
    const claims = (count: number) => {
      const others = Array.from({ length: count }, (_, index) => `,"${index}":1`);
      return `${J(CLAIMS).slice(0, -1)}${others.join("")}}`;
    };
    expect(read(await mint(key, claims(100_000)))).toBe("token-too-large");
    expect(read(await mint(key, claims(600)))).toMatchObject({ id: CLAIMS.sub });
  });

  test("of a kid of 10 kB (T04)", async () => {
    expect(read(await mint(key, CLAIMS, { ...HEADER, kid: "x".repeat(10_000) }))).toBe("token-too-large");
  });
});

/** The same bytes to a decoder that forgives: only bits that carry nothing differ. */
function nextLetter(text: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return text.slice(0, -1) + alphabet.charAt(alphabet.indexOf(text.slice(-1)) + 1);
}
