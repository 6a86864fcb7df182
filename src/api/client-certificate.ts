import type { ClientCertificate } from "../identity/x509/client-certificate.ts";
import { cloudflareCertificate } from "../identity/x509/cloudflare-certificate.ts";
import { forwardedCertificate } from "../identity/x509/forwarded-certificate.ts";
import { isCrossSite } from "./is-cross-site.ts";
import { type ProxySecret, proxyHop } from "./proxy-secret.ts";

/** The party trusted to have verified that a client holds the private key of its certificate. */
export type CertificateSource =
  /** No party. Certificates of requests are ignored. */
  | { readonly kind: "none" }
  /** Cloudflare's edge, on these hosts only: on others (workers.dev, previews) it requests no client certificates. */
  | { readonly kind: "cloudflare"; readonly hosts: readonly string[] }
  /** A proxy that terminates TLS, forwards the certificate as in RFC 9440, and authenticates with one of these secrets. */
  | { readonly kind: "proxy"; readonly secrets: readonly ProxySecret[] };

/**
 * The certificate whose private key the client holds, not validated yet; or the reason to refuse the request.
 *
 * A browser presents its certificate for requests of any page. So if there is no bearer token, which a page cannot
 * know, requests from pages of other sites are refused.
 */
export async function clientCertificate(request: Request, source: CertificateSource): Promise<ClientCertificate> {
  const found = await findCertificate(request, source);
  const isOnlyCredential = found.ok && found.chain !== undefined && !request.headers.has("authorization");
  return isOnlyCredential && isCrossSite(request) ? { ok: false, reason: "cross-site" } : found;
}

async function findCertificate(request: Request, source: CertificateSource): Promise<ClientCertificate> {
  switch (source.kind) {
    case "none":
      return NONE;
    case "cloudflare": {
      // The runtime sets `cf`. A client cannot, not even by a header.
      const found = cloudflareCertificate(Reflect.get(request, "cf"));
      if (!found.ok || found.chain === undefined) return found;
      // Two Host headers make an invalid URL.
      const host = URL.canParse(request.url) ? new URL(request.url).hostname : "";
      return source.hosts.includes(host) ? found : { ok: false, reason: "certificate-host" };
    }
    case "proxy": {
      const hop = await proxyHop(request.headers, source.secrets);
      if (hop === "authentic") return forwardedCertificate(request.headers);
      // Without the secret any client may have set the headers, so they are ignored (RFC 9440, section 4).
      return hop === "absent" ? NONE : { ok: false, reason: "proxy-secret" };
    }
  }
}

const NONE: Readonly<ClientCertificate> = { ok: true, chain: undefined };
