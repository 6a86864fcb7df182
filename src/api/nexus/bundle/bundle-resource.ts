import { parseTrustDomain } from "../../../identity/spiffe-id.ts";

/** A bundle as the audit names it; nothing for what can be no trust domain. */
export function bundleResource(trustDomain: string): string | undefined {
  const domain = parseTrustDomain(trustDomain);
  return domain && `bundle:${domain}`;
}
