import { beforeAll, describe, expect, test } from "vitest";
import { authenticate, type CallerTrust } from "./caller.ts";
import { bundleOf, mint, mintingKey, type MintingKey } from "./jwt/minting.fixture.ts";
import { parseTrustDomain } from "./spiffe-id.ts";

const NOW = 1_800_000_000;
const CLAIMS = { sub: "spiffe://example.org/web", aud: "spike-nexus", exp: NOW + 300 };

let key: MintingKey;
let trust: CallerTrust;

beforeAll(async () => {
  key = await mintingKey("ES256");
  const bundle = await bundleOf(key.entry);
  const domains = ["example.org", "ex_ample.org"].map((name) => parseTrustDomain(name)!);
  trust = { audience: "spike-nexus", bundles: new Map(domains.map((domain) => [domain, bundle])) };
});

const authenticateAt = (authorization: string | null, now = NOW * 1000) => authenticate(authorization, trust, now);

describe("authenticate", () => {
  test("names the caller of a valid token", async () => {
    const token = await mint(key, CLAIMS);
    expect(await authenticateAt(`Bearer ${token}`)).toEqual({ ok: true, caller: CLAIMS.sub });
    expect(await authenticateAt(`bearer ${token}`)).toEqual({ ok: true, caller: CLAIMS.sub });
  });

  test("T22 refuses whatever is not one bearer token", async () => {
    const token = await mint(key, CLAIMS);
    const refused = { ok: false, reason: "bearer-token-missing" };
    for (const header of [null, "", token, `Basic ${token}`, `Bearer\t${token}`, `Bearer ${token}, Bearer ${token}`]) {
      expect(await authenticateAt(header)).toEqual(refused);
    }
  });

  test.each([
    ["R5 a trust domain with _", "spiffe://ex_ample.org/web", "caller-id"],
    ["X04 no path", "spiffe://example.org", "caller-id"],
    ["J12 a trust domain that has no bundle", "spiffe://other.org/web", "trust-domain-unknown"],
    ["J12 a trust domain named like a prototype's member", "spiffe://constructor/web", "trust-domain-unknown"],
    ["J07 no SPIFFE ID", "web", "subject"],
  ])("refuses a validly signed %s", async (_case, sub, reason) => {
    const claimed = sub === "web" ? undefined : sub;
    expect(await authenticateAt(`Bearer ${await mint(key, { ...CLAIMS, sub })}`)).toEqual({
      ok: false,
      reason,
      claimed,
    });
  });

  test("J11 goes by the time that it is given", async () => {
    const header = `Bearer ${await mint(key, CLAIMS)}`;
    expect((await authenticateAt(header, (CLAIMS.exp + 29) * 1000)).ok).toBe(true);
    expect(await authenticateAt(header, (CLAIMS.exp + 30) * 1000)).toEqual({
      ok: false,
      reason: "expired",
      claimed: CLAIMS.sub,
    });
  });

  test("J11, T14 hands the bounds on", async () => {
    const header = `Bearer ${await mint(key, CLAIMS)}`;
    const refusedBy = (bounds: Partial<CallerTrust>, now: number) => authenticate(header, { ...trust, ...bounds }, now);
    expect(await refusedBy({ leewaySeconds: 0 }, CLAIMS.exp * 1000)).toEqual({
      ok: false,
      reason: "expired",
      claimed: CLAIMS.sub,
    });
    expect(await refusedBy({ maxLifetimeSeconds: 299 }, NOW * 1000)).toEqual({
      ok: false,
      reason: "lifetime",
      claimed: CLAIMS.sub,
    });
    expect(await refusedBy({ audience: "other" }, NOW * 1000)).toEqual({
      ok: false,
      reason: "audience-other",
      claimed: CLAIMS.sub,
    });
  });
});
