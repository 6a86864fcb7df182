import { parseTrustDomain, type TrustDomain } from "../identity/spiffe-id.ts";
import type { TrustDeps } from "./deps.ts";

/**
 * A trust domain that a bundle may be stored for: one that the configuration leaves open. Those that it names, as roots of
 * roles too, are settled there: else whoever writes the database made himself superuser.
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
    const where = "in SPIKE_TRUST_BUNDLES or SPIKE_TRUST_ROOT_…";
    return { ok: false, detail: `trust domain "${trustDomain}" is set ${where}: its bundle is not stored` };
  }
  return { ok: true, trustDomain };
}
