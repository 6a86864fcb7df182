import { bearerToken } from "./jwt/bearer.ts";
import { claimedId } from "./jwt/claimed-id.ts";
import { verifyJwtSvid, type JwtSvidRefusal } from "./jwt/jwt-svid.ts";
import { isCallerId, type SpiffeId, type TrustDomain } from "./spiffe-id.ts";
import type { TrustBundle } from "./bundle/trust-bundle.ts";

/** Whom to believe: the bundle of each trusted domain, the audience that is ours, and the bounds on a token's times. */
export interface CallerTrust {
  readonly bundles: ReadonlyMap<TrustDomain, TrustBundle>;
  readonly audience: string;
  /** Allowed difference of clocks, in seconds. Default 30; more than 60 counts as 60. */
  readonly leewaySeconds?: number;
  /** The longest lifetime of a token that is accepted, in seconds. Default: any. */
  readonly maxLifetimeSeconds?: number;
}

/** Why there is no caller: stable codes for the operator's log. Towards the caller all are one and the same 401. */
type CallerRefusal = "bearer-token-missing" | "caller-id" | JwtSvidRefusal;

export type Authentication =
  | { readonly ok: true; readonly caller: SpiffeId }
  | {
      readonly ok: false;
      readonly reason: CallerRefusal;
      /** Whose the token says it is, unverified: for the audit. */
      readonly claimed: SpiffeId | undefined;
    };

/**
 * Says who is calling, from the value of the Authorization header and nothing else: a JWT-SVID as bearer token whose
 * ID may call ({@link isCallerId}). `now` is in milliseconds since 1970. Never throws for bad credentials.
 */
export async function authenticate(
  authorization: string | null,
  trust: CallerTrust,
  now: number,
): Promise<Authentication> {
  const token = bearerToken(authorization);
  if (token === undefined) return { ok: false, reason: "bearer-token-missing", claimed: undefined };
  const { bundles, ...bounds } = trust;
  const verdict = await verifyJwtSvid(token, { ...bounds, now, bundleOf: (trustDomain) => bundles.get(trustDomain) });
  if (!verdict.ok) return { ...verdict, claimed: claimedId(token) };
  if (!isCallerId(verdict.id)) return { ok: false, reason: "caller-id", claimed: verdict.id };
  return { ok: true, caller: verdict.id };
}
