import { splitCompactJws } from "./compact-jws.ts";
import { readJwtSvidClaims, type JwtSvidClaimsOptions } from "./jwt-svid-claims.ts";
import { readJwtSvidHeader, type JwtSvidHeader } from "./jwt-svid-header.ts";
import type { JwtSvidRefusal } from "./jwt-svid-refusal.ts";
import type { SpiffeId } from "../spiffe-id.ts";

/** What a token claims, in good form, for us and for now. Nothing of it is verified: anybody can write one. */
export interface JwtSvid {
  readonly token: string;
  readonly header: JwtSvidHeader;
  readonly id: SpiffeId;
  /** Milliseconds since 1970, without leeway. */
  readonly expiresAt: number;
}

/**
 * Reads a JWT-SVID (SPIFFE JWT-SVID; RFC 7515, 7519, 8725): all of the standard's rules but the signature, which
 * `verifyJwtSvid` checks once the bundle of the trust domain is at hand.
 *
 * Guarantees: `ok` means that the token has the one form and the few header members that a JWT-SVID may have, that it
 * names our audience, and that `now` lies within its validity. Never throws, whatever the text, and never puts anything
 * of it into a refusal. Needs no key and no bundle, so that nothing is looked up for a token that fails here.
 *
 * Not guaranteed: that a token is presented once. ECDSA signatures have two valid forms, (r, s) and (r, n − s), so a
 * list of revoked tokens must hash the first two parts, never the whole.
 */
export function readJwtSvid(
  token: string,
  options: JwtSvidClaimsOptions,
): { readonly ok: true; readonly svid: JwtSvid } | { readonly ok: false; readonly reason: JwtSvidRefusal } {
  const jws = splitCompactJws(token);
  if (!jws.ok) return jws;
  const header = readJwtSvidHeader(jws.header);
  if (!header.ok) return header;
  const claims = readJwtSvidClaims(jws.claims, options);
  if (!claims.ok) return claims;
  const { alg, kid } = header;
  return { ok: true, svid: { token, header: { alg, kid }, id: claims.id, expiresAt: claims.expiresAt } };
}
