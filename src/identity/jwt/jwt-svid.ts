import { compactVerify, type CryptoKey } from "jose";
import { splitCompactJws, type CompactJwsRefusal } from "./compact-jws.ts";
import { readJwtSvidClaims, type JwtSvidClaimsOptions, type JwtSvidClaimsRefusal } from "./jwt-svid-claims.ts";
import { readJwtSvidHeader, type JwtSvidHeader, type JwtSvidHeaderRefusal } from "./jwt-svid-header.ts";
import { trustDomainOf, type SpiffeId, type TrustDomain } from "../spiffe-id.ts";
import type { TrustBundle } from "../bundle/trust-bundle.ts";

export interface JwtSvidOptions extends JwtSvidClaimsOptions {
  /** The keys of one trust domain, or `undefined` if the domain is not trusted. Called once at most. */
  readonly bundleOf: (trustDomain: TrustDomain) => TrustBundle | undefined;
}

/**
 * Why a token was refused: stable codes for the operator's log, without anything of the token in them. The caller is
 * told none of them: all are one and the same 401.
 */
export type JwtSvidRefusal =
  | CompactJwsRefusal
  | JwtSvidHeaderRefusal
  | JwtSvidClaimsRefusal
  | "trust-domain-unknown"
  | "key-unknown"
  | "key-algorithm"
  | "signature";

export type JwtSvidVerdict =
  | { readonly ok: true; readonly id: SpiffeId; readonly expiresAt: number }
  | { readonly ok: false; readonly reason: JwtSvidRefusal };

/** How many keys a token without `kid` may have tried: each costs a signature check. A rotating domain has two. */
const MAX_KEYS_TRIED = 4;

/**
 * Verifies a JWT-SVID (SPIFFE JWT-SVID; RFC 7515, 7519, 8725) and says whose it is and until when, in milliseconds.
 *
 * Guarantees: `ok` means that a key of the trust domain which the ID itself names signed exactly these claims, by the
 * algorithm that this key is for; that the token names our audience; and that `now` lies within its validity. Never
 * throws and never rejects for a bad token, whatever its text, and lets no error of jose out, since those carry the
 * payload.
 *
 * Not guaranteed: that a token is presented once. ECDSA signatures have two valid forms, (r, s) and (r, n − s), so a
 * list of revoked tokens must hash the first two parts, never the whole.
 *
 * Cheap checks come first, so that their answer is faster than that of a wrong signature. That tells an attacker only
 * what he wrote himself, or what the trust domain publishes: its name and its key ids.
 */
export async function verifyJwtSvid(token: string, options: JwtSvidOptions): Promise<JwtSvidVerdict> {
  const jws = splitCompactJws(token);
  if (!jws.ok) return jws;
  const header = readJwtSvidHeader(jws.header);
  if (!header.ok) return header;
  const claims = readJwtSvidClaims(jws.claims, options);
  if (!claims.ok) return claims;
  const bundle = options.bundleOf(trustDomainOf(claims.id));
  if (bundle === undefined) return { ok: false, reason: "trust-domain-unknown" };
  const keys = candidateKeys(bundle, header);
  if (typeof keys === "string") return { ok: false, reason: keys };
  for (const key of keys) {
    if (await isSignedBy(token, key, header.alg)) return { ok: true, id: claims.id, expiresAt: claims.expiresAt };
  }
  return { ok: false, reason: "signature" };
}

/** Only keys imported for this very algorithm: the header chooses among a key's algorithms, never beyond them. */
function candidateKeys(bundle: TrustBundle, { kid, alg }: JwtSvidHeader): readonly CryptoKey[] | JwtSvidRefusal {
  if (kid !== undefined) {
    const named = bundle.keys.get(kid);
    if (named === undefined) return "key-unknown";
    const key = named.get(alg);
    return key === undefined ? "key-algorithm" : [key];
  }
  const fitting = [...bundle.keys.values()].flatMap((key) => key.get(alg) ?? []);
  return fitting.length === 0 ? "key-unknown" : fitting.slice(0, MAX_KEYS_TRIED);
}

async function isSignedBy(token: string, key: CryptoKey, alg: string): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [alg] });
    return true;
  } catch {
    return false;
  }
}
