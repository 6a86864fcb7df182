import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { decodeBase64 } from "../../encoding/base64.ts";
import { isAuthority } from "../x509/signing-certificate.ts";

/** Why an entry for X.509-SVIDs is ignored. */
export type BundleAuthorityRefusal = "key-type" | "certificate-missing" | "certificate-malformed" | "not-an-authority";

/** The key types of RFC 7518, section 6.1, and RFC 8037, section 2, whose certificates are accepted. */
const KEY_TYPES: readonly unknown[] = ["EC", "RSA", "OKP"];

/**
 * Reads an entry of a bundle's `keys` with `use` `x509-svid` as an authority (X509-SVID, section 6.2; SPIFFE Trust Domain
 * and Bundle, section 4.2). The certificate is the first value of `x5c`, DER in base64 (RFC 7517, section 4.7). Further
 * values, `kid` and the members that describe the key are ignored: the certificate holds the key.
 *
 * The validity is checked when the authority is used.
 */
export function readBundleAuthority({
  kty,
  x5c,
}: Readonly<Record<string, unknown>>): Certificate | BundleAuthorityRefusal {
  if (!KEY_TYPES.includes(kty)) return "key-type";
  const first: unknown = Array.isArray(x5c) ? x5c[0] : undefined;
  if (first === undefined) return "certificate-missing";
  const der = typeof first === "string" ? decodeBase64(first) : undefined;
  const certificate = der && parseCertificate(der);
  if (certificate === undefined) return "certificate-malformed";
  return isAuthority(certificate) ? certificate : "not-an-authority";
}
