import type { ClientCertificate } from "../identity/x509/client-certificate.ts";
import { cloudflareCertificate } from "../identity/x509/cloudflare-certificate.ts";
import { forwardedCertificate } from "../identity/x509/forwarded-certificate.ts";
import { type ProxySecret, proxyHop } from "./proxy-secret.ts";

/** Who is believed to have seen that a client holds the key of its certificate. */
export type CertificateSource =
  /** Nobody: no certificate is looked at, whatever a request brings along. */
  | { readonly kind: "none" }
  /** Cloudflare's edge, on these host names alone: on others (workers.dev, previews) it asks nobody for a certificate. */
  | { readonly kind: "cloudflare"; readonly hosts: readonly string[] }
  /** A proxy that terminates TLS, forwards the certificate by RFC 9440, and proves itself by one of these secrets. */
  | { readonly kind: "proxy"; readonly secrets: readonly ProxySecret[] };

/** The certificate that the client proved to hold the key of, unvalidated; or why there can be none. */
export async function clientCertificate(request: Request, source: CertificateSource): Promise<ClientCertificate> {
  switch (source.kind) {
    case "none":
      return NONE;
    case "cloudflare": {
      // Set by the runtime, beside the request; no header gets there.
      const found = cloudflareCertificate(Reflect.get(request, "cf"));
      if (!found.ok || found.chain === undefined) return found;
      // Two Host headers make a URL that is none.
      const host = URL.canParse(request.url) ? new URL(request.url).hostname : "";
      return source.hosts.includes(host) ? found : { ok: false, reason: "certificate-host" };
    }
    case "proxy": {
      const hop = await proxyHop(request.headers, source.secrets);
      if (hop === "authentic") return forwardedCertificate(request.headers);
      // Without the secret the headers are anybody's, and mean nothing (RFC 9440, section 4).
      return hop === "absent" ? NONE : { ok: false, reason: "proxy-secret" };
    }
  }
}

const NONE: Readonly<ClientCertificate> = { ok: true, chain: undefined };
