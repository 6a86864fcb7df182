import { beforeAll, describe, expect, test, vi } from "vitest";
import type { JwtSvidRefusal } from "./jwt-svid-refusal.ts";
import { bundleOf, mint, mintingKey, part, type MintingKey } from "./minting.fixture.ts";
import { readJwtSvid } from "./read-jwt-svid.ts";
import { verifyJwtSvid } from "./verify-jwt-svid.ts";
import { verifyToken, type VerifyTokenOptions } from "./verify-token.fixture.ts";
import type { TrustBundle } from "../bundle/trust-bundle.ts";

const NOW = 1_800_000_000;
const CLAIMS = { sub: "spiffe://example.org/web", aud: "spike-nexus", exp: NOW + 300, iat: NOW };

let key: MintingKey;
let bundle: TrustBundle;

beforeAll(async () => {
  key = await mintingKey("ES256", "k");
  bundle = await bundleOf(key.entry);
});

function trusting(trust: Readonly<Record<string, TrustBundle>>): VerifyTokenOptions {
  const bundles = new Map<string, TrustBundle>(Object.entries(trust));
  return { audience: "spike-nexus", now: NOW * 1000, bundleOf: (trustDomain) => bundles.get(trustDomain) };
}

async function verify(token: string, trust: Readonly<Record<string, TrustBundle>>, more: { now?: number } = {}) {
  const verdict = await verifyToken(token, { ...trusting(trust), ...more });
  return verdict.ok ? verdict.id : verdict.reason;
}

describe("two trust domains", () => {
  const OTHER = { ...CLAIMS, sub: "spiffe://other.org/web" };

  test("rejects a token of a domain that is not trusted (J12)", async () => {
    const token = await mint(key, CLAIMS);
    expect(await verify(token, {})).toBe("trust-domain-unknown");
    expect(await verify(token, { "other.org": bundle })).toBe("trust-domain-unknown");
  });

  test("with the same kid: the key of each domain verifies only its own IDs (ID20, J12, T27)", async () => {
    const other = await mintingKey("ES256", key.kid);
    const both = { "example.org": bundle, "other.org": await bundleOf(other.entry) };
    for (const header of [undefined, { alg: "ES256" }]) {
      expect(await verify(await mint(key, CLAIMS, header), both)).toBe(CLAIMS.sub);
      expect(await verify(await mint(other, OTHER, header), both)).toBe(OTHER.sub);
      expect(await verify(await mint(key, OTHER, header), both)).toBe("signature");
      expect(await verify(await mint(other, CLAIMS, header), both)).toBe("signature");
    }
  });

  test("with the same kid for keys of different types (ID20, T27)", async () => {
    const other = await mintingKey("ES384", key.kid);
    const both = { "example.org": bundle, "other.org": await bundleOf(other.entry) };
    expect(await verify(await mint(other, OTHER), both)).toBe(OTHER.sub);
    expect(await verify(await mint(key, OTHER), both)).toBe("key-algorithm");
    expect(await verify(await mint(other, CLAIMS), both)).toBe("key-algorithm");
  });

  test("neither the issuer nor a similar ID selects a key (J12, T27)", async () => {
    const other = await mintingKey("ES256", "other");
    const both = { "example.org": bundle, "other.org": await bundleOf(other.entry) };
    for (const iss of ["spiffe://other.org", "other.org", "https://other.org"]) {
      expect(await verify(await mint(other, { ...CLAIMS, iss }), both)).toBe("key-unknown");
      expect(await verify(await mint(key, { ...CLAIMS, iss }), both)).toBe(CLAIMS.sub);
    }
    for (const sub of ["spiffe://other.org.example.org/web", "spiffe://example.org.other.org/web"]) {
      expect(await verify(await mint(other, { ...CLAIMS, sub }), both)).toBe("trust-domain-unknown");
    }
    expect(await verify(await mint(other, { ...CLAIMS, sub: "spiffe://example.org/other.org" }), both)).toBe(
      "key-unknown",
    );
  });

  test("no bundle is looked up for a token that is malformed or for others (T27)", async () => {
    const lookUps: string[] = [];
    const options = { ...trusting({}), bundleOf: (trustDomain: string) => void lookUps.push(trustDomain) };
    await verifyToken(await mint(key, CLAIMS, { alg: "none" }), options);
    await verifyToken(await mint(key, { ...CLAIMS, aud: "other" }), options);
    await verifyToken(await mint(key, { ...CLAIMS, exp: 1 }), options);
    expect(lookUps).toEqual([]);
    await verifyToken(await mint(key, CLAIMS), options);
    expect(lookUps).toEqual(["example.org"]);
  });
});

describe("time", () => {
  test("only the given time counts, not the clock of the system (T28)", async () => {
    const token = await mint(key, CLAIMS);
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      for (const system of [0, (NOW - 10 ** 8) * 1000, (NOW + 10 ** 8) * 1000]) {
        vi.setSystemTime(system);
        expect(await verify(token, { "example.org": bundle })).toBe(CLAIMS.sub);
        expect(await verify(token, { "example.org": bundle }, { now: (NOW + 330) * 1000 })).toBe("expired");
      }
    } finally {
      vi.useRealTimers();
    }
  });

  test("a clock that stops or goes back does not affect later calls (T28)", async () => {
    const [early, late] = await Promise.all([
      mint(key, CLAIMS),
      mint(key, { ...CLAIMS, exp: NOW + 600, nbf: NOW + 100 }),
    ]);
    const trust = { "example.org": bundle };
    for (const seconds of [0, 0, 200, 400, 200, 0]) {
      const now = (NOW + seconds) * 1000;
      expect(await verify(early, trust, { now })).toBe(seconds < 330 ? CLAIMS.sub : "expired");
      expect(await verify(late, trust, { now })).toBe(seconds < 70 ? "not-yet-valid" : CLAIMS.sub);
    }
  });

  test("an invalid time rejects a valid token (T28)", async () => {
    const token = await mint(key, { ...CLAIMS, iat: undefined });
    for (const now of [Number.NaN, 0, Infinity]) {
      expect(await verify(token, { "example.org": bundle }, { now })).toBe("clock");
    }
  });

  test("a repeated token is accepted until its expiry plus leeway (T29)", async () => {
    const token = await mint(key, CLAIMS);
    const at = (seconds: number, leewaySeconds: number) =>
      verifyToken(token, { ...trusting({ "example.org": bundle }), now: seconds * 1000, leewaySeconds });
    for (const leeway of [0, 30, 60]) {
      for (const seconds of [NOW, NOW, NOW + 150, CLAIMS.exp + leeway - 1]) {
        expect(await at(seconds, leeway)).toEqual({ ok: true, id: CLAIMS.sub, expiresAt: CLAIMS.exp * 1000 });
      }
      for (const seconds of [CLAIMS.exp + leeway, CLAIMS.exp + leeway + 1, CLAIMS.exp + 10 ** 6]) {
        expect(await at(seconds, leeway)).toEqual({ ok: false, reason: "expired" });
      }
    }
  });
});

describe("a refusal (T30)", () => {
  const utf8 = (bytes: readonly number[]) => Buffer.from(bytes).toString("base64url");
  const header = { alg: "ES256", kid: "k" };
  const longName = `{"${"canary".repeat(400)}":1}`;
  const deep = `{"canary":${"[".repeat(40)}${"]".repeat(40)}}`;
  const at = (times: object) => mint(key, { ...CLAIMS, iat: undefined, ...times });
  /** A token is too short to reach these. */
  type OutOfReach = `${"header" | "claims"}-${"too-large" | "too-many-values"}`;
  type Reason = Exclude<JwtSvidRefusal, OutOfReach> | "trust-domain-unknown";
  const witnesses: Readonly<Record<Reason, () => string | Promise<string>>> = {
    "token-too-large": () => "canary".repeat(10_000),
    "token-not-compact": () => "canary.canary",
    "token-not-base64url": () => "canary=.canary.canary",
    "header-not-utf8": () => `${utf8([0xff])}.${part(CLAIMS)}.AA`,
    "header-not-json": () => `${part("canary")}.${part(CLAIMS)}.AA`,
    "header-not-object": () => `${part(["canary"])}.${part(CLAIMS)}.AA`,
    "header-too-deep": () => mint(key, CLAIMS, deep),
    "header-name-too-long": () => mint(key, CLAIMS, longName),
    "header-duplicate-member": () => mint(key, CLAIMS, '{"canary":1,"canary":2}'),
    "header-algorithm": () => mint(key, CLAIMS, { alg: "canary" }),
    "header-member": () => mint(key, CLAIMS, { ...header, canary: "canary" }),
    "header-type": () => mint(key, CLAIMS, { ...header, typ: "canary" }),
    "header-key-id": () => mint(key, CLAIMS, { ...header, kid: ["canary"] }),
    "claims-not-utf8": () => `${part(header)}.${utf8([0xff])}.AA`,
    "claims-not-json": () => mint(key, "canary"),
    "claims-not-object": () => mint(key, ["canary"]),
    "claims-too-deep": () => mint(key, deep),
    "claims-name-too-long": () => mint(key, longName),
    "claims-duplicate-member": () => mint(key, '{"canary":1,"canary":2}'),
    subject: () => mint(key, { ...CLAIMS, sub: "canary" }),
    "audience-malformed": () => mint(key, { ...CLAIMS, aud: { canary: 1 } }),
    "audience-other": () => mint(key, { ...CLAIMS, aud: "canary" }),
    "audience-several": () => mint(key, { ...CLAIMS, aud: ["canary", "spike-nexus"] }),
    "expiry-malformed": () => at({ exp: "canary" }),
    "not-before-malformed": () => at({ nbf: "canary" }),
    "issued-at-malformed": () => at({ iat: "canary" }),
    expired: () => at({ exp: 1, jti: "canary" }),
    "not-yet-valid": () => at({ nbf: NOW + 100, jti: "canary" }),
    "times-contradict": () => at({ exp: NOW + 1, nbf: NOW + 2, jti: "canary" }),
    lifetime: () => at({ exp: NOW + 1001, jti: "canary" }),
    clock: () => at({ jti: "canary" }),
    "trust-domain-unknown": () => at({ sub: "spiffe://canary/web" }),
    "key-unknown": () => mint(key, CLAIMS, { alg: "ES256", kid: "canary" }),
    "key-algorithm": () => mint(key, CLAIMS, { alg: "PS256", kid: "k" }),
    signature: () => `${part(header)}.${part({ ...CLAIMS, jti: "canary" })}.${part("canary")}`,
  };

  test.each(Object.entries(witnesses))("by %s consists of this code only", async (reason, witness) => {
    const verdict = await verifyToken(await witness(), {
      ...trusting({ "example.org": bundle }),
      now: reason === "clock" ? Number.NaN : NOW * 1000,
      maxLifetimeSeconds: 1000,
      severalAudiences: "refuse",
    });
    expect(JSON.stringify(verdict)).toBe(`{"ok":false,"reason":"${reason}"}`);
  });

  test("passes on no error of jose or of the runtime for any key", async () => {
    const read = readJwtSvid(await mint(key, { ...CLAIMS, jti: "canary" }), trusting({}));
    if (!read.ok) throw new Error(read.reason);
    const algorithm = { name: "ECDSA", namedCurve: "P-384" };
    const { publicKey } = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
    const hmac = { name: "HMAC", hash: "SHA-256" };
    const symmetric = await crypto.subtle.importKey("raw", new Uint8Array(32), hmac, false, ["verify"]);
    for (const unfit of [publicKey, symmetric, key.privateKey, {}, undefined, null]) {
      const careless = { ...bundle, keys: new Map([["k", new Map([["ES256", unfit]])]]) } as unknown as TrustBundle;
      const reason = await verifyJwtSvid(read.svid, careless);
      expect(reason).toMatch(/^(signature|key-algorithm)$/);
    }
  });
});
