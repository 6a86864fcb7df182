const ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"] as const;

/** The nine signature algorithms of JWT-SVID, section 2.1: asymmetric only, so never `none`, HMAC or EdDSA. */
export type JwtSvidAlgorithm = (typeof ALGORITHMS)[number];

/** Whether a JWS header's `alg`, compared with regard to case, is one of the nine. */
export function isJwtSvidAlgorithm(value: unknown): value is JwtSvidAlgorithm {
  return (ALGORITHMS as readonly unknown[]).includes(value);
}
