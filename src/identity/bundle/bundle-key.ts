import type { JWK } from "jose";
import { decodeBase64url } from "../../encoding/base64.ts";
import { isStrongRsa } from "../rsa-strength.ts";
import { isJwtSvidAlgorithm, type JwtSvidAlgorithm } from "../jwt/jwt-svid-algorithm.ts";

/** A public key as a bundle has it, reduced to what makes the key, and the algorithms it is for. */
export interface BundleKey {
  readonly kid: string;
  readonly algorithms: readonly JwtSvidAlgorithm[];
  readonly jwk: JWK;
}

/** Why an entry of a bundle is of no use here. */
export type BundleKeyRefusal = "use" | "key-id-missing" | "key-type" | "rsa-strength" | "algorithm";

type KnownKey = Omit<BundleKey, "kid">;

const RSA_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const;

/**
 * Reads one entry of a bundle's `keys` as a key for JWT-SVIDs (SPIFFE Trust Domain and Bundle, section 4.2): `use` is
 * `jwt-svid`, there is a `kid`, and the key is EC on P-256, P-384 or P-521, or RSA. Case matters in all of them.
 *
 * An RSA key is for six algorithms, unless its own `alg` names one; an EC key for the one of its curve.
 */
export function readBundleKey(entry: Readonly<Record<string, unknown>>): BundleKey | BundleKeyRefusal {
  const { use, kid, kty, alg } = entry;
  if (use !== "jwt-svid") return "use";
  const known = kty === "RSA" ? rsaKey(entry) : kty === "EC" ? curveKey(entry) : "key-type";
  if (typeof known === "string") return known;
  if (typeof kid !== "string" || kid === "") return "key-id-missing";
  if (alg === undefined) return { kid, ...known };
  // Otherwise the token's header would choose what the key is for.
  if (!isJwtSvidAlgorithm(alg) || !known.algorithms.includes(alg)) return "algorithm";
  return { kid, jwk: known.jwk, algorithms: [alg] };
}

/** Only the members that make the key: no `key_ops`, `ext` or `x5c` of the bundle reaches the import. */
function rsaKey({ n, e }: Readonly<Record<string, unknown>>): KnownKey | "key-type" | "rsa-strength" {
  if (typeof n !== "string" || typeof e !== "string") return "key-type";
  const modulus = decodeBase64url(n);
  const exponent = decodeBase64url(e);
  if (modulus === undefined || exponent === undefined) return "key-type";
  // RFC 7518, section 3.3.
  return isStrongRsa(modulus, exponent) ? { jwk: { kty: "RSA", n, e }, algorithms: RSA_ALGORITHMS } : "rsa-strength";
}

/** RFC 7518, section 3.4: each curve has its one hash. Whether the point is on the curve is seen at the import. */
function curveKey({ crv, x, y }: Readonly<Record<string, unknown>>): KnownKey | "key-type" {
  if (typeof x !== "string" || typeof y !== "string") return "key-type";
  if (crv === "P-256") return { jwk: { kty: "EC", crv, x, y }, algorithms: ["ES256"] };
  if (crv === "P-384") return { jwk: { kty: "EC", crv, x, y }, algorithms: ["ES384"] };
  return crv === "P-521" ? { jwk: { kty: "EC", crv, x, y }, algorithms: ["ES512"] } : "key-type";
}
