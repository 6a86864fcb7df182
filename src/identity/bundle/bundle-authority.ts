import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { decodeBase64 } from "../../encoding/base64.ts";
import { isAuthority } from "../x509/signing-certificate.ts";

/** Why an entry for X.509-SVIDs is of no use here. */
export type BundleAuthorityRefusal = "key-type" | "certificate-missing" | "certificate-malformed" | "not-an-authority";

/** RFC 7518, section 6.1, and RFC 8037, section 2, as far as certificates are accepted. */
const KEY_TYPES: readonly unknown[] = ["EC", "RSA", "OKP"];

/**
 * Reads one entry of a bundle's `keys` whose `use` is `x509-svid` as an authority (X509-SVID, section 6.2; SPIFFE Trust Domain
 * and Bundle, section 4.2): the first value of `x5c`, base64 of DER (RFC 7517, section 4.7). The others, `kid` and the members
 * that describe the key mean nothing here: the key is the certificate's.
 *
 * Whether it is valid now is seen when it is used.
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
