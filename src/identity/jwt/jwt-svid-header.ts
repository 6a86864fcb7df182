import { parseSegment, type SegmentRefusal } from "./compact-jws.ts";
import { isJwtSvidAlgorithm, type JwtSvidAlgorithm } from "./jwt-svid-algorithm.ts";

/** The header of a JWT-SVID. `typ` has no effect. */
export interface JwtSvidHeader {
  readonly alg: JwtSvidAlgorithm;
  readonly kid: string | undefined;
}

export type JwtSvidHeaderRefusal =
  | `header-${SegmentRefusal}`
  | "header-algorithm"
  | "header-member"
  | "header-type"
  | "header-key-id";

const MEMBERS: readonly string[] = ["alg", "kid", "typ"];

/**
 * Reads the header of a JWT-SVID (JWT-SVID, section 2): `alg`, which is checked first, an optional non-empty string `kid`
 * and an optional `typ` of `JWT` or `JOSE`. Other members are refused, as the standard demands.
 *
 * Without `jwk`, `jku`, `x5c`, `crit`, `b64` and `zip`, a header can neither supply its own key nor change how the token
 * is read.
 */
export function readJwtSvidHeader(
  segment: Uint8Array,
): ({ readonly ok: true } & JwtSvidHeader) | { readonly ok: false; readonly reason: JwtSvidHeaderRefusal } {
  const read = parseSegment(segment);
  if (!read.ok) return { ok: false, reason: `header-${read.reason}` };
  const { members } = read;
  const alg = members.get("alg");
  if (!isJwtSvidAlgorithm(alg)) return { ok: false, reason: "header-algorithm" };
  if ([...members.keys()].some((name) => !MEMBERS.includes(name))) return { ok: false, reason: "header-member" };
  const typ = members.get("typ");
  if (members.has("typ") && typ !== "JWT" && typ !== "JOSE") return { ok: false, reason: "header-type" };
  const kid = members.get("kid");
  if (kid === undefined) return { ok: true, alg, kid };
  if (typeof kid !== "string" || kid === "") return { ok: false, reason: "header-key-id" };
  return { ok: true, alg, kid };
}
