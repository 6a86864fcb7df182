import { parseTrustDomain, type TrustDomain } from "../identity/spiffe-id.ts";
import type { TrustDeps } from "./deps.ts";

/**
 * Parses a trust domain whose bundle may be stored. Domains in the configuration, including those of the role settings, are
 * static. If their bundles could be stored too, write access to the database would be enough to become superuser.
 */
export function parseStorableDomain(
  deps: Pick<TrustDeps, "isStatic">,
  text: string,
): { readonly ok: true; readonly trustDomain: TrustDomain } | { readonly ok: false; readonly detail: string } {
  const trustDomain = parseTrustDomain(text);
  if (trustDomain === undefined) {
    return { ok: false, detail: "the trust domain is not 1 to 255 characters of a-z 0-9 . - _" };
  }
  if (deps.isStatic(trustDomain)) {
    const detail = `cannot store the bundle of "${trustDomain}": it is set in SPIKE_TRUST_BUNDLES or SPIKE_TRUST_ROOT_…`;
    return { ok: false, detail };
  }
  return { ok: true, trustDomain };
}
