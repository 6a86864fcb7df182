import type { StoredBundle } from "../../../trust/stored-bundle.ts";
import { wireTime } from "../wire-time.ts";

/** All of a stored bundle but its text, as get and list tell it. What it has not is left out. */
export function bundleSummary({ row, version, keys }: StoredBundle): object {
  const { trustDomain, sequence, endpointUrl, endpointProfile, refreshHint, fetchedAt } = row;
  return {
    trustDomain,
    version,
    jwtKeys: keys.keys.length,
    x509Authorities: keys.authorities.length,
    // Decimal text: the standard allows more than a double can hold.
    ...(sequence !== null && { sequence }),
    ...(endpointUrl !== null && { endpointUrl, endpointProfile }),
    ...(refreshHint !== null && { refreshHint }),
    ...(fetchedAt !== null && { fetchedAt: wireTime(fetchedAt) }),
  };
}
