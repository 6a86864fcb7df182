import { beforeAll, describe, expect, test } from "vitest";
import { authenticate, type CallerTrust } from "./caller.ts";
import { bundleOf, mint, mintingKey, type MintingKey } from "./jwt/minting.fixture.ts";
import { parseTrustDomain } from "./spiffe-id.ts";
import type { CertificateChain } from "./x509/certificate-chain.ts";
import { certificateAuthority, type TestAuthority } from "./x509/minting.fixture.ts";

const NOW = 1_800_000_000;
const ID = "spiffe://example.org/web";
const CLAIMS = { sub: ID, aud: "spike-nexus", exp: NOW + 300 };

let key: MintingKey;
let authority: TestAuthority;
let trust: CallerTrust;
let web: CertificateChain;

beforeAll(async () => {
  [key, authority] = await Promise.all([mintingKey("ES256"), certificateAuthority({ trustDomain: "example.org" })]);
  web = (await authority.issueLeaf({ id: ID })).chain;
  const bundle = await bundleOf(key.entry, authority.bundleEntry);
  const domains = ["example.org", "ex_ample.org"].map((name) => parseTrustDomain(name)!);
  trust = {
    tokens: { audience: "spike-nexus" },
    bundles: new Map(domains.map((domain) => [domain, bundle])),
    isStatic: (domain) => domain !== "stored.org",
  };
});

const NO_CERTIFICATE = { ok: true, chain: undefined } as const;

const authenticateAt = async (authorization: string | null, now = NOW * 1000) =>
  await authenticate({ authorization, certificate: NO_CERTIFICATE }, trust, now);

describe("authenticate by token", () => {
  test("returns the caller of a valid token", async () => {
    const token = await mint(key, CLAIMS);
    const known = { ok: true, caller: ID, claim: undefined };
    expect(await authenticateAt(`Bearer ${token}`)).toEqual(known);
    expect(await authenticateAt(`bearer ${token}`)).toEqual(known);
  });

  test("rejects anything but one bearer token (T22)", async () => {
    const token = await mint(key, CLAIMS);
    const refused = { ok: false, reason: "bearer-token-missing", claimed: undefined };
    for (const header of [null, "", token, `Basic ${token}`, `Bearer\t${token}`, `Bearer ${token}, Bearer ${token}`]) {
      expect(await authenticateAt(header)).toEqual(refused);
    }
  });

  test.each([
    ["ID in a trust domain with _ (R5)", "spiffe://ex_ample.org/web", "caller-id"],
    ["ID without a path (X04)", "spiffe://example.org", "caller-id"],
    ["ID in a trust domain without a bundle (J12)", "spiffe://other.org/web", "trust-domain-unknown"],
    ["ID in a trust domain named like a prototype member (J12)", "spiffe://constructor/web", "trust-domain-unknown"],
    ["subject that is not a SPIFFE ID (J07)", "web", "subject"],
  ])("rejects a validly signed %s", async (_case, sub, reason) => {
    const claimed = sub === "web" ? undefined : sub;
    expect(await authenticateAt(`Bearer ${await mint(key, { ...CLAIMS, sub })}`)).toEqual({
      ok: false,
      reason,
      claimed,
    });
  });

  test("uses the given time (J11)", async () => {
    const header = `Bearer ${await mint(key, CLAIMS)}`;
    expect((await authenticateAt(header, (CLAIMS.exp + 29) * 1000)).ok).toBe(true);
    expect(await authenticateAt(header, (CLAIMS.exp + 30) * 1000)).toEqual({
      ok: false,
      reason: "expired",
      claimed: CLAIMS.sub,
    });
  });

  test("applies the bounds on times and audiences (J11, T14, J18)", async () => {
    const header = `Bearer ${await mint(key, { ...CLAIMS, aud: ["spike-nexus", "other"] })}`;
    const refusalBy = async (bounds: Partial<CallerTrust["tokens"]>, now = NOW * 1000) => {
      const tokens = { ...trust.tokens, ...bounds };
      const credentials = { authorization: header, certificate: NO_CERTIFICATE };
      const found = await authenticate(credentials, { ...trust, tokens }, now);
      return found.ok ? undefined : found.reason;
    };
    expect(await refusalBy({})).toBeUndefined();
    expect(await refusalBy({ leewaySeconds: 0 }, CLAIMS.exp * 1000)).toBe("expired");
    expect(await refusalBy({ maxLifetimeSeconds: 299 })).toBe("lifetime");
    expect(await refusalBy({ audience: "third" })).toBe("audience-other");
    expect(await refusalBy({ severalAudiences: "refuse" })).toBe("audience-several");
  });
});

describe("authenticate by certificate", () => {
  const by = async (chain: CertificateChain | undefined, authorization: string | null = null, now = NOW * 1000) =>
    await authenticate({ authorization, certificate: { ok: true, chain } }, trust, now);

  test("returns the caller of a valid certificate", async () => {
    expect(await by(web)).toEqual({ ok: true, caller: ID, claim: undefined });
  });

  test("uses the given time (X16)", async () => {
    const brief = await authority.issueLeaf({ id: ID, notBefore: NOW * 1000, notAfter: (NOW + 60) * 1000 });
    expect((await by(brief.chain)).ok).toBe(true);
    expect((await by(brief.chain, null, (NOW + 61) * 1000)).ok).toBe(false);
  });

  test("rejects a certificate that an authority of another domain signed (ID20, X17)", async () => {
    const other = await certificateAuthority({ trustDomain: "example.org" });
    const { chain } = await other.issueLeaf({ id: ID });
    expect(await by(chain)).toMatchObject({ ok: false, claimed: ID });
  });

  test("accepts token and certificate only if both are valid and name the same identity", async () => {
    const token = async (claims: object) => `Bearer ${await mint(key, { ...CLAIMS, ...claims })}`;
    expect(await by(web, await token({}))).toMatchObject({ ok: true, caller: ID });
    expect(await by(web, await token({ sub: "spiffe://example.org/web2" }))).toMatchObject({
      ok: false,
      reason: "identities-differ",
    });
    expect(await by(web, await token({ exp: NOW - 100 }))).toMatchObject({ ok: false, reason: "expired" });
    expect(await by(web, "Basic x")).toMatchObject({ ok: false, reason: "bearer-token-missing" });
    const other = await certificateAuthority({ trustDomain: "example.org" });
    const { chain } = await other.issueLeaf({ id: ID });
    expect((await by(chain, await token({}))).ok).toBe(false);
    expect((await by({ leaf: new Uint8Array([1]), intermediates: [] }, await token({}))).ok).toBe(false);
  });

  test("rejects the request if the certificate is invalid, with or without a token", async () => {
    const certificate = { ok: false, reason: "certificate-revoked" } as const;
    const authorization = `Bearer ${await mint(key, CLAIMS)}`;
    for (const given of [null, authorization]) {
      expect(await authenticate({ authorization: given, certificate }, trust, NOW * 1000)).toEqual({
        ok: false,
        reason: "certificate-revoked",
        claimed: undefined,
      });
    }
  });
});

describe("authenticate, for a trust domain that is not configured", () => {
  test("returns a claim that a bundle of that domain proves", async () => {
    const sub = "spiffe://stored.org/web";
    const ca = await certificateAuthority({ trustDomain: "stored.org" });
    const { chain } = await ca.issueLeaf({ id: sub });
    const authorization = `Bearer ${await mint(key, { ...CLAIMS, sub })}`;
    const bundle = await bundleOf(key.entry, ca.bundleEntry);
    const claims = [
      { authorization, certificate: NO_CERTIFICATE },
      { authorization: null, certificate: { ok: true, chain } as const },
      { authorization, certificate: { ok: true, chain } as const },
    ];
    for (const credentials of claims) {
      const found = await authenticate(credentials, trust, NOW * 1000);
      if (!found.ok || found.claim === undefined) throw new Error("no claim");
      expect(found.caller).toBe(sub);
      expect(found.claim).toMatchObject({ id: sub, trustDomain: "stored.org" });
      const signedBy = credentials.authorization === null ? undefined : { keyId: key.kid, algorithm: "ES256" };
      expect(found.claim.signedBy).toEqual(signedBy);
      expect(await found.claim.refusalBy(bundle)).toBeUndefined();
      expect(await found.claim.refusalBy(await bundleOf())).toBeDefined();
      // A bundle for only one of the two credentials.
      if (credentials === claims[2]) {
        expect(await found.claim.refusalBy(await bundleOf(key.entry))).toBeDefined();
        expect(await found.claim.refusalBy(await bundleOf(ca.bundleEntry))).toBeDefined();
      }
    }
  });

  test("returns no claim for an ID without path or an expired token (X04)", async () => {
    for (const claims of [{ sub: "spiffe://stored.org" }, { sub: "spiffe://stored.org/a", exp: NOW - 60 }]) {
      const found = await authenticateAt(`Bearer ${await mint(key, { ...CLAIMS, ...claims })}`);
      expect(found.ok).toBe(false);
    }
  });
});
