import type { ClientCertificate } from "./client-certificate.ts";
import { readRfc9440 } from "./read-rfc9440.ts";

/**
 * The certificate that a proxy forwards in `Client-Cert` and `Client-Cert-Chain` (RFC 9440). Without `Client-Cert` there is
 * no certificate. An empty header is refused, so a proxy must omit it for clients without a certificate.
 *
 * Anyone can send these headers. Call this only for requests that are known to come from the proxy, which removes the
 * headers of its clients (section 4). They prove that the client holds the key, and nothing about the certificate.
 */
export function forwardedCertificate(headers: Headers): ClientCertificate {
  const leaf = headers.get("client-cert");
  const chain = headers.get("client-cert-chain");
  if (leaf !== null) return readRfc9440(leaf, chain ?? "");
  return chain === null ? { ok: true, chain: undefined } : { ok: false, reason: "certificate-chain-alone" };
}
