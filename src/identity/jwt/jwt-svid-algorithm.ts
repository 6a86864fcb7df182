const ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"] as const;

/** The nine signature algorithms of JWT-SVID, section 2.1. Neither `none` nor HMAC nor EdDSA is among them. */
export type JwtSvidAlgorithm = (typeof ALGORITHMS)[number];

/** Whether the `alg` of a JWS header is one of the nine. Case-sensitive. */
export function isJwtSvidAlgorithm(value: unknown): value is JwtSvidAlgorithm {
  return (ALGORITHMS as readonly unknown[]).includes(value);
}
