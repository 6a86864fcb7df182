import type { CompactJwsRefusal } from "./compact-jws.ts";
import type { JwtSvidClaimsRefusal } from "./jwt-svid-claims.ts";
import type { JwtSvidHeaderRefusal } from "./jwt-svid-header.ts";

/**
 * Why a token was refused: stable codes for the operator's log, without anything of the token in them. The caller is
 * told none of them: all are one and the same 401.
 */
export type JwtSvidRefusal =
  | CompactJwsRefusal
  | JwtSvidHeaderRefusal
  | JwtSvidClaimsRefusal
  | "key-unknown"
  | "key-algorithm"
  | "signature";
