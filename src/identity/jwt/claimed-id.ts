import { jsonObjectOf, splitCompactJws } from "./compact-jws.ts";
import { parseSpiffeId, type SpiffeId } from "../spiffe-id.ts";

/**
 * Whose a token says it is, if it says so in the form of a SPIFFE ID. Nothing is verified: for the log of a refusal, where
 * it has to be told apart from an identity.
 */
export function claimedId(token: string): SpiffeId | undefined {
  const jws = splitCompactJws(token);
  if (!jws.ok) return undefined;
  const claims = jsonObjectOf(jws.claims);
  const sub = claims.ok ? claims.members.get("sub") : undefined;
  return typeof sub === "string" ? parseSpiffeId(sub) : undefined;
}
