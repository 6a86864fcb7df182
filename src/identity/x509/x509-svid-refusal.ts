/**
 * Why a certificate was refused: stable codes for the operator's log, without anything of the certificate in them. The
 * caller is told none of them: all are one and the same 401.
 */
export type X509SvidRefusal =
  /** The leaf is not one certificate of version 3 in DER. */
  | "certificate-malformed"
  /** No URI among the alternative names, or more than one. */
  | "certificate-uri-count"
  /** The one URI is no SPIFFE ID. */
  | "certificate-spiffe-id"
  /** The SPIFFE ID has no path: it is not one of a workload. */
  | "certificate-id-path"
  /** There is no subject, and the alternative names are not critical. */
  | "certificate-names-not-critical"
  /** It signs certificates; it is no caller's. */
  | "certificate-is-authority"
  | "certificate-key-usage-missing"
  | "certificate-key-usage-not-critical"
  /** Not for signatures, or for signing certificates or revocation lists. */
  | "certificate-key-usage"
  /** Not for both ends of TLS. */
  | "certificate-extended-key-usage"
  /** Of a kind or strength that is not accepted; of the leaf. */
  | "certificate-key"
  /** Of any certificate on the path. */
  | "certificate-name-constraints"
  | "certificate-critical-extension"
  | "certificate-signature-algorithm"
  | "certificate-signature"
  | "certificate-not-yet-valid"
  | "certificate-expired"
  /** More intermediates came along than are looked at, or more octets. */
  | "certificate-chain-too-large"
  | "certificate-chain-malformed"
  /** No authority of the trust domain, and no intermediate, has the issuer's name and key. */
  | "certificate-issuer-unknown"
  | "certificate-issuer-not-authority"
  | "certificate-issuer-key"
  | "certificate-issuer-extended-key-usage"
  /** The issuer has the SPIFFE ID of a workload, or one of another trust domain. */
  | "certificate-issuer-id"
  | "certificate-issuer-not-yet-valid"
  | "certificate-issuer-expired"
  | "certificate-path-length"
  /** No path was found among as many issuers as are tried. */
  | "certificate-path-search";
