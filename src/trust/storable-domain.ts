import type { Fault } from "../json/fault.ts";
import { parseTrustDomain, type TrustDomain } from "../identity/spiffe-id.ts";
import type { TrustDeps } from "./deps.ts";

export const TRUST_DOMAIN_RULE = { rule: "must be 1 to 255 characters of a-z 0-9 . - _", limit: 255 } as const;

/**
 * Parses a trust domain whose bundle may be stored. Domains in the configuration, including those of the role settings, are
 * static. If their bundles could be stored too, write access to the database would be enough to become superuser.
 */
export function parseStorableDomain(
  deps: Pick<TrustDeps, "isStatic">,
  text: string,
): { readonly ok: true; readonly trustDomain: TrustDomain } | { readonly ok: false; readonly fault: Fault } {
  const trustDomain = parseTrustDomain(text);
  if (trustDomain === undefined) {
    return { ok: false, fault: { member: "trustDomain", ...TRUST_DOMAIN_RULE } };
  }
  if (deps.isStatic(trustDomain)) {
    const rule = "must not be in SPIKE_TRUST_BUNDLES or a SPIKE_TRUST_ROOT_… setting: its bundle is configured";
    return { ok: false, fault: { member: "trustDomain", rule } };
  }
  return { ok: true, trustDomain };
}
