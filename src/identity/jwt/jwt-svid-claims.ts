import { jsonObjectOf, type JsonPartRefusal } from "./compact-jws.ts";
import { parseSpiffeId, type SpiffeId } from "../spiffe-id.ts";

export interface JwtSvidClaimsOptions {
  /** The one audience that is ours. */
  readonly audience: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Allowed difference of clocks, in seconds. Default 30; more than 60 counts as 60. */
  readonly leewaySeconds?: number;
  /** The longest lifetime that is accepted, in seconds. Default: any. */
  readonly maxLifetimeSeconds?: number;
  /**
   * A token that is for others beside us: each of them can present it to us (JWT-SVID, section 3.2, advises against it).
   * Default "accept".
   */
  readonly severalAudiences?: "accept" | "refuse";
}

export type JwtSvidClaimsRefusal =
  | `claims-${JsonPartRefusal}`
  | "subject"
  | "audience-malformed"
  | "audience-other"
  | "audience-several"
  | "expiry-malformed"
  | "not-before-malformed"
  | "issued-at-malformed"
  | "expired"
  | "not-yet-valid"
  | "issued-in-future"
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
/** The end of the year 9999. A time in milliseconds, the usual slip, would make a token valid for 50 000 years. */
const MAX_NUMERIC_DATE = 253_402_300_799;

/**
 * Reads the claims of a JWT-SVID (JWT-SVID, section 3; RFC 7519, section 4.1): who (`sub`), for whom (`aud`), until
 * when (`exp`). `expiresAt` is in milliseconds, without leeway. The claims mean nothing until the signature is checked.
 *
 * Every comparison is written so that a NaN among the options refuses the token.
 */
export function readJwtSvidClaims(
  part: Uint8Array,
  options: JwtSvidClaimsOptions,
):
  | { readonly ok: true; readonly id: SpiffeId; readonly expiresAt: number }
  | { readonly ok: false; readonly reason: JwtSvidClaimsRefusal } {
  const read = jsonObjectOf(part);
  if (!read.ok) return { ok: false, reason: `claims-${read.reason}` };
  const sub = read.members.get("sub");
  const id = typeof sub === "string" ? parseSpiffeId(sub) : undefined;
  if (id === undefined) return { ok: false, reason: "subject" };
  const audienceFault = faultOfAudience(read.members.get("aud"), options);
  if (audienceFault !== undefined) return { ok: false, reason: audienceFault };
  const times = readTimes(read.members);
  if (typeof times === "string") return { ok: false, reason: times };
  const timesFault = faultOfTimes(times, options);
  if (timesFault !== undefined) return { ok: false, reason: timesFault };
  return { ok: true, id, expiresAt: times.exp * 1000 };
}

/** Ours by exact match: no case folding, no prefix, no trailing slash, no Unicode normalisation. */
function faultOfAudience(aud: unknown, options: JwtSvidClaimsOptions): JwtSvidClaimsRefusal | undefined {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (audiences.length === 0 || !audiences.every((each) => typeof each === "string" && each !== "")) {
    return "audience-malformed";
  }
  if (!audiences.includes(options.audience)) return "audience-other";
  const forOthers = audiences.some((each) => each !== options.audience);
  return forOthers && options.severalAudiences === "refuse" ? "audience-several" : undefined;
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

/** Seconds since 1970; fractions are allowed (RFC 7519, section 2). 1e309 is Infinity to JSON.parse. */
function isNumericDate(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= MAX_NUMERIC_DATE;
}

function faultOfTimes({ exp, nbf, iat }: Times, options: JwtSvidClaimsOptions): JwtSvidClaimsRefusal | undefined {
  // At 0 every expiry lies ahead. Workers show that time outside of requests.
  if (!(options.now > 0 && options.now < Infinity)) return "clock";
  const now = options.now / 1000;
  const leeway = Math.min(options.leewaySeconds ?? DEFAULT_LEEWAY_SECONDS, MAX_LEEWAY_SECONDS);
  if (!(now < exp + leeway)) return "expired";
  if (nbf !== undefined && !(nbf <= now + leeway)) return "not-yet-valid";
  // RFC 7519 gives iat no such meaning, but a date of issue ahead of time would defeat the cap on the lifetime.
  if (iat !== undefined && !(iat <= now + leeway)) return "issued-in-future";
  if (!(exp > Math.max(nbf ?? -1, iat ?? -1))) return "times-contradict";
  const cap = options.maxLifetimeSeconds;
  return cap === undefined || exp - (iat ?? now) <= cap ? undefined : "lifetime";
}
