/**
 * The scheme in any case (RFC 9110, section 11.1), one space, one `b64token` (RFC 6750, section 2.1). A token holds
 * neither space nor comma, so two headers that a proxy joined by a comma never pass for one.
 */
const BEARER = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i;

/** The token of an Authorization header, or `undefined` if absent, of another scheme, or not exactly one token. */
export function bearerToken(authorization: string | null): string | undefined {
  return authorization === null ? undefined : BEARER.exec(authorization)?.[1];
}
