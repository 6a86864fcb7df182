/**
 * The scheme in any case (RFC 9110, section 11.1), one space, one `b64token` (RFC 6750, section 2.1). A token contains
 * neither space nor comma, so two headers that a proxy joined by a comma never count as one token.
 */
const BEARER = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i;

/** The token of an Authorization header; `undefined` if it is absent, has another scheme, or holds no or several tokens. */
export function bearerToken(authorization: string | null): string | undefined {
  return authorization === null ? undefined : BEARER.exec(authorization)?.[1];
}
