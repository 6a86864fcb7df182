import { splitCompactJws } from "./compact-jws.ts";
import { readJwtSvidClaims, type JwtSvidClaimsOptions } from "./jwt-svid-claims.ts";
import { readJwtSvidHeader, type JwtSvidHeader } from "./jwt-svid-header.ts";
import type { JwtSvidRefusal } from "./jwt-svid-refusal.ts";
import type { SpiffeId } from "../spiffe-id.ts";

/** A well-formed token for this service that is valid now. Unverified: anyone can write one. */
export interface JwtSvid {
  readonly token: string;
  readonly header: JwtSvidHeader;
  readonly id: SpiffeId;
  /** Milliseconds since 1970, without leeway. */
  readonly expiresAt: number;
}

/**
 * Reads a JWT-SVID (SPIFFE JWT-SVID; RFC 7515, 7519, 8725). Checks every rule of the standard except the signature, which
 * `verifyJwtSvid` checks with the bundle of the trust domain.
 *
 * Guarantees: `ok` means that the token has the form and only the header members of a JWT-SVID, that it names the audience
 * of this service, and that it is valid at `now`. Never throws for any text, and no refusal quotes the text. Needs no key
 * and no bundle, so nothing is loaded for a token that fails here.
 *
 * Not guaranteed: that a token is presented only once. ECDSA signatures have two valid forms, (r, s) and (r, n − s), so a
 * list of revoked tokens must hash the first two segments, not the whole token.
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
