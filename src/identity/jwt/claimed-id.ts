import { parseSegment, splitCompactJws } from "./compact-jws.ts";
import { parseSpiffeId, type SpiffeId } from "../spiffe-id.ts";

/**
 * The unverified SPIFFE ID that a token names as its subject. Only for the log of a refusal, which must not present it as
 * an identity.
 */
export function claimedId(token: string): SpiffeId | undefined {
  const jws = splitCompactJws(token);
  if (!jws.ok) return undefined;
  const claims = parseSegment(jws.claims);
  const sub = claims.ok ? claims.members.get("sub") : undefined;
  return typeof sub === "string" ? parseSpiffeId(sub) : undefined;
}
