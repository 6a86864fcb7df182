import type { CompactJwsRefusal } from "./compact-jws.ts";
import type { JwtSvidClaimsRefusal } from "./jwt-svid-claims.ts";
import type { JwtSvidHeaderRefusal } from "./jwt-svid-header.ts";

/**
 * Why a token is refused: stable codes for the operator's log that quote nothing of the token. Callers get the same 401
 * for every code.
 */
export type JwtSvidRefusal =
  | CompactJwsRefusal
  | JwtSvidHeaderRefusal
  | JwtSvidClaimsRefusal
  | "key-unknown"
  | "key-algorithm"
  | "signature";
