import { parseSegment, type SegmentRefusal } from "./compact-jws.ts";
import { parseSpiffeId, type SpiffeId } from "../spiffe-id.ts";

export interface JwtSvidClaimsOptions {
  /** The audience of this service. */
  readonly audience: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Allowed clock difference in seconds. Default 30, at most 60; larger values count as 60. */
  readonly leewaySeconds?: number;
  /** Maximum lifetime of a token in seconds, from `iat` or from now, whichever is earlier. Default: no maximum. */
  readonly maxLifetimeSeconds?: number;
  /**
   * Whether a token may also name other audiences. Each of them could replay it here (JWT-SVID, section 3.2, advises
   * against such tokens). Default "accept".
   */
  readonly severalAudiences?: "accept" | "refuse";
}

export type JwtSvidClaimsRefusal =
  | `claims-${SegmentRefusal}`
  | "subject"
  | "audience-malformed"
  | "audience-other"
  | "audience-several"
  | "expiry-malformed"
  | "not-before-malformed"
  | "issued-at-malformed"
  | "expired"
  | "not-yet-valid"
  | "times-contradict"
  | "lifetime"
  | "clock";

interface Times {
  readonly exp: number;
  readonly nbf: number | undefined;
  readonly iat: number | undefined;
}

const DEFAULT_LEEWAY_SECONDS = 30;
const MAX_LEEWAY_SECONDS = 60;
/** The end of the year 9999. A time in milliseconds, the usual mistake, would keep a token valid for 50 000 years. */
const MAX_NUMERIC_DATE = 253_402_300_799;

/**
 * Reads the claims of a JWT-SVID (JWT-SVID, section 3; RFC 7519, section 4.1): the subject (`sub`), the audience (`aud`)
 * and the expiry (`exp`). `expiresAt` is in milliseconds, without leeway. The claims are unverified until the signature is.
 *
 * Every comparison refuses the token if an option is NaN.
 */
export function readJwtSvidClaims(
  segment: Uint8Array,
  options: JwtSvidClaimsOptions,
):
  | { readonly ok: true; readonly id: SpiffeId; readonly expiresAt: number }
  | { readonly ok: false; readonly reason: JwtSvidClaimsRefusal } {
  const read = parseSegment(segment);
  if (!read.ok) return { ok: false, reason: `claims-${read.reason}` };
  const sub = read.members.get("sub");
  const id = typeof sub === "string" ? parseSpiffeId(sub) : undefined;
  if (id === undefined) return { ok: false, reason: "subject" };
  const wrongAudience = checkAudience(read.members.get("aud"), options);
  if (wrongAudience !== undefined) return { ok: false, reason: wrongAudience };
  const times = readTimes(read.members);
  if (typeof times === "string") return { ok: false, reason: times };
  const wrongTimes = checkTimes(times, options);
  if (wrongTimes !== undefined) return { ok: false, reason: wrongTimes };
  return { ok: true, id, expiresAt: times.exp * 1000 };
}

/** The audience must match exactly: no case folding, prefix, trailing slash or Unicode normalisation. */
function checkAudience(aud: unknown, options: JwtSvidClaimsOptions): JwtSvidClaimsRefusal | undefined {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (audiences.length === 0 || !audiences.every((each) => typeof each === "string" && each !== "")) {
    return "audience-malformed";
  }
  if (!audiences.includes(options.audience)) return "audience-other";
  const hasOthers = audiences.some((each) => each !== options.audience);
  return hasOthers && options.severalAudiences === "refuse" ? "audience-several" : undefined;
}

function readTimes(claims: ReadonlyMap<string, unknown>): Times | JwtSvidClaimsRefusal {
  const exp = claims.get("exp");
  const nbf = claims.get("nbf");
  const iat = claims.get("iat");
  if (!isNumericDate(exp)) return "expiry-malformed";
  if (nbf !== undefined && !isNumericDate(nbf)) return "not-before-malformed";
  if (iat !== undefined && !isNumericDate(iat)) return "issued-at-malformed";
  return { exp, nbf, iat };
}

/** Seconds since 1970; fractions are allowed (RFC 7519, section 2). JSON.parse reads 1e309 as Infinity. */
function isNumericDate(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= MAX_NUMERIC_DATE;
}

function checkTimes({ exp, nbf, iat }: Times, options: JwtSvidClaimsOptions): JwtSvidClaimsRefusal | undefined {
  // At time 0 no token has expired. Workers report that time outside of requests.
  if (!(options.now > 0 && options.now < Infinity)) return "clock";
  const now = options.now / 1000;
  const leeway = Math.min(options.leewaySeconds ?? DEFAULT_LEEWAY_SECONDS, MAX_LEEWAY_SECONDS);
  if (!(now < exp + leeway)) return "expired";
  if (nbf !== undefined && !(nbf <= now + leeway)) return "not-yet-valid";
  if (nbf !== undefined && !(exp > nbf)) return "times-contradict";
  const maxLifetime = options.maxLifetimeSeconds;
  // `iat` says how old a token is, not when it is valid (RFC 7519, section 4.1.6). An `iat` in the future would evade the limit.
  return maxLifetime === undefined || exp - Math.min(iat ?? now, now) <= maxLifetime ? undefined : "lifetime";
}
