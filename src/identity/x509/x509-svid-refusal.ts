/**
 * Why a certificate is refused: stable codes for the operator's log that quote nothing of the certificate. Callers get the
 * same 401 for every code.
 */
export type X509SvidRefusal =
  /** The leaf is not a certificate of version 3 in DER. */
  | "certificate-malformed"
  /** No URI among the alternative names, or more than one. */
  | "certificate-uri-count"
  /** The URI is not a SPIFFE ID. */
  | "certificate-spiffe-id"
  /** The SPIFFE ID has no path, so it does not name a workload. */
  | "certificate-id-path"
  /** The subject is empty and the alternative names are not critical. */
  | "certificate-names-not-critical"
  /** The leaf may sign certificates, so it is not a caller's. */
  | "certificate-is-authority"
  | "certificate-key-usage-missing"
  | "certificate-key-usage-not-critical"
  /** The key may not sign, or may sign certificates or revocation lists. */
  | "certificate-key-usage"
  /** The purposes are not both client and server of TLS. */
  | "certificate-extended-key-usage"
  /** The type or strength of the leaf's key is not accepted. */
  | "certificate-key"
  /** From here on: of any certificate on the path. */
  | "certificate-name-constraints"
  | "certificate-critical-extension"
  | "certificate-signature-algorithm"
  | "certificate-signature"
  | "certificate-not-yet-valid"
  | "certificate-expired"
  /** Too many intermediates, or too many bytes of them. */
  | "certificate-chain-too-large"
  | "certificate-chain-malformed"
  /** No authority of the trust domain and no intermediate has the issuer's name and key id. */
  | "certificate-issuer-unknown"
  | "certificate-issuer-not-authority"
  | "certificate-issuer-key"
  | "certificate-issuer-extended-key-usage"
  /** The issuer has the SPIFFE ID of a workload or of another trust domain. */
  | "certificate-issuer-id"
  | "certificate-issuer-not-yet-valid"
  | "certificate-issuer-expired"
  | "certificate-path-length"
  /** No path was found within the maximum number of issuers. */
  | "certificate-path-search";
