import type { StoredBundle } from "../../../trust/stored-bundle.ts";
import { wireTime } from "../wire-time.ts";

/** A stored bundle without its text, as get and list return it. Absent properties are left out. */
export function bundleSummary({ row, version, keys }: StoredBundle): object {
  const { trustDomain, sequence, endpointUrl, endpointProfile, refreshHint, fetchedAt } = row;
  return {
    trustDomain,
    version,
    jwtKeys: keys.keys.length,
    x509Authorities: keys.authorities.length,
    // Decimal text: SPIFFE allows larger numbers than a double can hold.
    ...(sequence !== null && { sequence }),
    ...(endpointUrl !== null && { endpointUrl, endpointProfile }),
    ...(refreshHint !== null && { refreshHint }),
    ...(fetchedAt !== null && { fetchedAt: wireTime(fetchedAt) }),
  };
}
