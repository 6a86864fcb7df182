import type { CertificateChain } from "./certificate-chain.ts";

/** Why the client certificate of a request is refused. Stable codes for the operator's log. */
export type ClientCertificateRefusal =
  /** The runtime reports values about the connection that its documentation does not allow. */
  | "certificate-field"
  /** The runtime did not verify that the client holds the key. */
  | "certificate-not-verified"
  | "certificate-revoked"
  /** The certificate or its chain. */
  | "certificate-too-large"
  /** Not one byte sequence of RFC 9440, or not a list of them. */
  | "certificate-encoding"
  /** A chain without a certificate. */
  | "certificate-chain-alone"
  /** The runtime does not request certificates on this host. */
  | "certificate-host"
  /** The sender of the forwarded certificate did not prove that it is the proxy. */
  | "proxy-secret"
  /** A page of another site sent the request, and nothing but the certificate identifies the caller. */
  | "cross-site";

/**
 * The certificate whose key the client has proved to hold, not validated; `undefined` without one. Only `verifyX509Svid`
 * turns it into an identity.
 */
export type ClientCertificate =
  | { readonly ok: true; readonly chain: CertificateChain | undefined }
  | { readonly ok: false; readonly reason: ClientCertificateRefusal };
