import { jsonObjectOf, type JsonPartRefusal } from "./compact-jws.ts";
import { isJwtSvidAlgorithm, type JwtSvidAlgorithm } from "./jwt-svid-algorithm.ts";

/** What a JWT-SVID's header says, all of it. */
export interface JwtSvidHeader {
  readonly alg: JwtSvidAlgorithm;
  readonly kid: string | undefined;
}

export type JwtSvidHeaderRefusal =
  | `header-${JsonPartRefusal}`
  | "header-algorithm"
  | "header-member"
  | "header-type"
  | "header-key-id";

const MEMBERS: readonly string[] = ["alg", "kid", "typ"];

/**
 * Reads the header of a JWT-SVID (JWT-SVID, section 2): `alg` one of nine, which is checked first, `kid` (optional, a
 * non-empty string) and `typ` (optional, `JWT` or `JOSE`), and no other member.
 *
 * The standard bans other members, which is a gift: a header that can't say `jwk`, `jku`, `x5c`, `crit`, `b64` or
 * `zip` can neither bring its own key nor change how it is to be read.
 */
export function readJwtSvidHeader(
  part: Uint8Array,
): ({ readonly ok: true } & JwtSvidHeader) | { readonly ok: false; readonly reason: JwtSvidHeaderRefusal } {
  const read = jsonObjectOf(part);
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
