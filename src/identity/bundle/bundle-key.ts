import type { JWK } from "jose";
import { decodeBase64url } from "../../encoding/base64.ts";
import { isStrongRsa } from "../rsa-strength.ts";
import { isJwtSvidAlgorithm, type JwtSvidAlgorithm } from "../jwt/jwt-svid-algorithm.ts";

/** A public key of a bundle, reduced to the members that define the key, and the algorithms that it may verify. */
export interface BundleKey {
  readonly kid: string;
  readonly algorithms: readonly JwtSvidAlgorithm[];
  readonly jwk: JWK;
}

/** Why an entry of a bundle is ignored as a key for JWT-SVIDs. */
export type BundleKeyRefusal = "use" | "key-id-missing" | "key-type" | "rsa-strength" | "algorithm";

type KnownKey = Omit<BundleKey, "kid">;

const RSA_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const;

/**
 * Reads an entry of a bundle's `keys` as a key for JWT-SVIDs (SPIFFE Trust Domain and Bundle, section 4.2). It must have
 * `use` `jwt-svid` and a `kid`, and be an RSA key or an EC key on P-256, P-384 or P-521. All names are case-sensitive.
 *
 * An RSA key may verify six algorithms, or only the one in its `alg`. An EC key may verify the algorithm of its curve.
 */
export function readBundleKey(entry: Readonly<Record<string, unknown>>): BundleKey | BundleKeyRefusal {
  const { use, kid, kty, alg } = entry;
  if (use !== "jwt-svid") return "use";
  const known = kty === "RSA" ? rsaKey(entry) : kty === "EC" ? curveKey(entry) : "key-type";
  if (typeof known === "string") return known;
  if (typeof kid !== "string" || kid === "") return "key-id-missing";
  if (alg === undefined) return { kid, ...known };
  // Otherwise the header of a token would select the algorithm.
  if (!isJwtSvidAlgorithm(alg) || !known.algorithms.includes(alg)) return "algorithm";
  return { kid, jwk: known.jwk, algorithms: [alg] };
}

/** Keeps only the members that define the key, so that no `key_ops`, `ext` or `x5c` of the bundle reaches the import. */
function rsaKey({ n, e }: Readonly<Record<string, unknown>>): KnownKey | "key-type" | "rsa-strength" {
  if (typeof n !== "string" || typeof e !== "string") return "key-type";
  const modulus = decodeBase64url(n);
  const exponent = decodeBase64url(e);
  if (modulus === undefined || exponent === undefined) return "key-type";
  // RFC 7518, section 3.3.
  return isStrongRsa(modulus, exponent) ? { jwk: { kty: "RSA", n, e }, algorithms: RSA_ALGORITHMS } : "rsa-strength";
}

/** RFC 7518, section 3.4: each curve has one algorithm. The import checks that the point is on the curve. */
function curveKey({ crv, x, y }: Readonly<Record<string, unknown>>): KnownKey | "key-type" {
  if (typeof x !== "string" || typeof y !== "string") return "key-type";
  if (crv === "P-256") return { jwk: { kty: "EC", crv, x, y }, algorithms: ["ES256"] };
  if (crv === "P-384") return { jwk: { kty: "EC", crv, x, y }, algorithms: ["ES384"] };
  return crv === "P-521" ? { jwk: { kty: "EC", crv, x, y }, algorithms: ["ES512"] } : "key-type";
}
