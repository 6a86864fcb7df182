import { SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { bundleOf, mint, mintingKey, part, signingBy, type MintingKey } from "./minting.fixture.ts";
import { readJwtSvid, type JwtSvid } from "./read-jwt-svid.ts";
import { verifyJwtSvid } from "./verify-jwt-svid.ts";
import type { TrustBundle } from "../bundle/trust-bundle.ts";

const NOW = 1_800_000_000;
const CLAIMS = { sub: "spiffe://example.org/web", aud: "spike-nexus", exp: NOW + 300, iat: NOW };
const CURVES = ["ES256", "ES384", "ES512"];
const RSA = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

const keys = new Map<string, MintingKey>();
let bundle: TrustBundle;
let es256: MintingKey;
let rsa: MintingKey;

beforeAll(async () => {
  for (const key of await Promise.all([...CURVES, "RS256"].map((alg) => mintingKey(alg)))) keys.set(key.alg, key);
  [es256, rsa] = [keys.get("ES256")!, keys.get("RS256")!];
  bundle = await bundleOf(...[...keys.values()].map((key) => key.entry));
  for (const alg of RSA) keys.set(alg, await signingBy(alg, rsa));
});

function read(token: string): JwtSvid {
  const verdict = readJwtSvid(token, { audience: "spike-nexus", now: NOW * 1000 });
  if (!verdict.ok) throw new Error(verdict.reason);
  return verdict.svid;
}

async function refusal(key: MintingKey, header?: unknown, trusted = bundle) {
  return verifyJwtSvid(read(await mint(key, CLAIMS, header)), trusted);
}

describe("verifyJwtSvid accepts", () => {
  test.each([...CURVES, ...RSA])("%s with a kid (J03)", async (alg) => {
    expect(await refusal(keys.get(alg)!)).toBeUndefined();
  });

  test.each([...CURVES, ...RSA])("%s without a kid (J15)", async (alg) => {
    expect(await refusal(keys.get(alg)!, { alg })).toBeUndefined();
  });

  test("a token that jose signs", async () => {
    const sign = new SignJWT(CLAIMS).setProtectedHeader({ alg: "ES256", kid: es256.kid });
    expect(await verifyJwtSvid(read(await sign.sign(es256.privateKey)), bundle)).toBeUndefined();
  });

  test("the same token repeatedly, because no jti is stored (J19, T29)", async () => {
    const svid = read(await mint(es256, { ...CLAIMS, jti: "once" }));
    for (let times = 0; times < 3; times++) expect(await verifyJwtSvid(svid, bundle)).toBeUndefined();
  });
});

describe("verifyJwtSvid rejects", () => {
  test.each([...CURVES, ...RSA])("a signature over other claims with %s", async (alg) => {
    const key = keys.get(alg)!;
    const own = await mint(key, CLAIMS);
    const other = await mint(key, { ...CLAIMS, sub: "spiffe://example.org/admin" });
    const [header, , signature] = own.split(".");
    const mixed = [header, other.split(".")[1], signature].join(".");
    expect(await verifyJwtSvid(read(mixed), bundle)).toBe("signature");
  });

  test("a signature over another header", async () => {
    const [, claims, signature] = (await mint(es256, CLAIMS)).split(".");
    const mixed = [part({ alg: "ES256", kid: es256.kid }), claims, signature].join(".");
    expect(await verifyJwtSvid(read(mixed), bundle)).toBe("signature");
  });
});

describe("verifyJwtSvid and the keys of the bundle", () => {
  test("tries at most four keys for a token without kid (J15)", async () => {
    const many = await Promise.all(["a", "b", "c", "d", "e"].map((kid) => mintingKey("ES256", kid)));
    const domain = await bundleOf(rsa.entry, ...many.map((key) => key.entry));
    const verdicts = await Promise.all(many.map((key) => refusal(key, { alg: "ES256" }, domain)));
    expect(verdicts).toEqual([undefined, undefined, undefined, undefined, "signature"]);
    expect(await refusal(many[4]!, undefined, domain)).toBeUndefined();
  });

  test.each([
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "size",
    "../../etc/passwd",
    "/dev/null",
    "' OR 1=1 --",
    "'; DROP TABLE keys; --",
    "https://evil.org/jwks",
    "file:///dev/null",
    "spiffe://example.org",
    "*",
    "x".repeat(5000),
  ])("finds no key for kid %s (T04)", async (kid) => {
    expect(await refusal(es256, { alg: "ES256", kid })).toBe("key-unknown");
  });

  test("compares kids exactly (T04)", async () => {
    const [plain, accented] = [
      { ...es256, kid: "key" },
      { ...rsa, kid: "cl\u00E9" },
    ];
    const domain = await bundleOf(...[plain, accented].map(({ entry, kid }) => ({ ...entry, kid })));
    expect(await refusal(plain, undefined, domain)).toBeUndefined();
    expect(await refusal(accented, undefined, domain)).toBeUndefined();
    for (const kid of ["KEY", "Key", " key", "key ", "key\n", "key\0", "ke", "keys", "ｋey", "cle\u0301"]) {
      expect(await refusal(es256, { alg: "ES256", kid }, domain)).toBe("key-unknown");
    }
  });

  test("treats any kid in the bundle as a plain name (T04)", async () => {
    for (const kid of ["__proto__", "constructor", "../../etc/passwd", "' OR 1=1 --"]) {
      const domain = await bundleOf({ ...es256.entry, kid }, { ...rsa.entry, kid: "other" });
      expect(await refusal({ ...es256, kid }, undefined, domain)).toBeUndefined();
      expect(await refusal(es256, undefined, domain)).toBe("key-unknown");
    }
  });

  test("uses neither of two keys with the same kid, with or without kid in the token, in any order (T05)", async () => {
    const [twin, other] = await Promise.all([mintingKey("ES256", es256.kid), mintingKey("ES384", es256.kid)]);
    for (const entries of [
      [es256.entry, twin.entry],
      [twin.entry, es256.entry],
      [es256.entry, es256.entry],
      [es256.entry, other.entry],
      [{ ...rsa.entry, kid: es256.kid }, es256.entry],
    ]) {
      const ambiguous = await bundleOf(...entries, { ...rsa.entry, kid: "another" });
      expect(await refusal(es256, undefined, ambiguous)).toBe("key-unknown");
      expect(await refusal(es256, { alg: "ES256" }, ambiguous)).toBe("key-unknown");
    }
  });

  test("uses only entries for JWT-SVIDs (J13)", async () => {
    for (const use of ["x509-svid", "wit-svid", "sig", "JWT-SVID", undefined]) {
      const domain = await bundleOf({ ...es256.entry, use });
      expect(await refusal(es256, undefined, domain)).toBe("key-unknown");
      expect(await refusal(es256, { alg: "ES256" }, domain)).toBe("key-unknown");
    }
  });

  test("rejects a JWT-SVID signed by a WIT-SVID key of the same kid (T24)", async () => {
    const wit = await mintingKey("ES256", es256.kid);
    const domain = await bundleOf({ ...wit.entry, use: "wit-svid" }, es256.entry);
    expect(await refusal(es256, undefined, domain)).toBeUndefined();
    expect(await refusal(wit, undefined, domain)).toBe("signature");
    expect(await refusal(wit, { alg: "ES256" }, domain)).toBe("signature");
  });

  test("ignores entries without kid, even for a token without kid (J14)", async () => {
    const domain = await bundleOf({ ...es256.entry, kid: undefined });
    expect(await refusal(es256, { alg: "ES256" }, domain)).toBe("key-unknown");
  });

  test.each([
    ["on one curve for the algorithm of another (J16)", "ES256", "ES384"],
    ["on the larger curve for the algorithm of the smaller (J16)", "ES384", "ES256"],
    ["of RSA for an EC algorithm (J16)", "RS256", "ES256"],
    ["on a curve for an RSA algorithm (J16)", "ES256", "RS256"],
    ["on a curve for PSS (J16)", "ES512", "PS512"],
  ])("uses no key %s", async (_case, signer, alg) => {
    const key = keys.get(signer)!;
    expect(await refusal(key, { alg, kid: key.kid })).toBe("key-algorithm");
    expect(await refusal(key, { alg }, await bundleOf(key.entry))).toBe("key-unknown");
  });

  test("lets the header select only among the algorithms of a key (T03)", async () => {
    for (const alg of RSA) expect(await refusal(keys.get(alg)!)).toBeUndefined();
    for (const bound of RSA) {
      const domain = await bundleOf({ ...rsa.entry, alg: bound });
      for (const alg of RSA) {
        expect(await refusal(keys.get(alg)!, undefined, domain)).toBe(alg === bound ? undefined : "key-algorithm");
        expect(await refusal(keys.get(alg)!, { alg }, domain)).toBe(alg === bound ? undefined : "key-unknown");
      }
    }
  });

  test("ignores a key whose alg does not fit it or is not supported (T03)", async () => {
    for (const alg of ["HS256", "none", "ES256", "rs256", "", 7, null]) {
      expect(await refusal(rsa, undefined, await bundleOf({ ...rsa.entry, alg }))).toBe("key-unknown");
    }
  });
});

describe("a key that is removed from the bundle (T26)", () => {
  test("verifies no token from the next call on, including tokens read before", async () => {
    const next = await mintingKey("ES256", "next");
    const [before, after] = [await bundleOf(es256.entry, next.entry), await bundleOf(next.entry)];
    for (const header of [undefined, { alg: "ES256" }]) {
      const svid = read(await mint(es256, CLAIMS, header));
      expect(await verifyJwtSvid(svid, before)).toBeUndefined();
      expect(await verifyJwtSvid(svid, after)).toBe(header === undefined ? "key-unknown" : "signature");
      expect(await verifyJwtSvid(svid, before)).toBeUndefined();
    }
    expect(await refusal(next, undefined, after)).toBeUndefined();
  });

  test("verifies no token if another key has its kid", async () => {
    const successor = await mintingKey("ES256", es256.kid);
    expect(await refusal(es256, undefined, await bundleOf(successor.entry))).toBe("signature");
  });

  test("leaves no valid token if it was the last one (B06)", async () => {
    expect(await refusal(es256, undefined, await bundleOf())).toBe("key-unknown");
    expect(await refusal(es256, { alg: "ES256" }, await bundleOf())).toBe("key-unknown");
  });
});
