import type { ClientCertificate } from "./client-certificate.ts";
import { readRfc9440 } from "./read-rfc9440.ts";

/**
 * The certificate that a proxy forwards in `Client-Cert` and `Client-Cert-Chain` (RFC 9440). Without the former header there
 * is none; an empty one is refused, so a proxy must leave it out for clients without a certificate.
 *
 * Anybody can send these headers: only a request that is known to come from the proxy, which removes those of its clients
 * (section 4), may get here. Of such a proxy they prove that the client holds the key, and nothing about the certificate.
 */
export function forwardedCertificate(headers: Headers): ClientCertificate {
  const leaf = headers.get("client-cert");
  const chain = headers.get("client-cert-chain");
  if (leaf !== null) return readRfc9440(leaf, chain ?? "");
  return chain === null ? { ok: true, chain: undefined } : { ok: false, reason: "certificate-chain-alone" };
}
