import type { CertificateChain } from "./certificate-chain.ts";

/** Why a request can have no client certificate that counts. Stable codes for the operator's log. */
export type ClientCertificateRefusal =
  /** What the runtime says of the connection is not what its documentation says that it can be. */
  | "certificate-field"
  /** The client's proof of its key was not verified. */
  | "certificate-not-verified"
  | "certificate-revoked"
  /** The certificate, or what came along with it. */
  | "certificate-too-large"
  /** Not one byte sequence of RFC 9440, or not a list of them. */
  | "certificate-encoding"
  /** A chain came along, and no certificate. */
  | "certificate-chain-alone"
  /** The host is not one where the runtime asks for certificates. */
  | "certificate-host"
  /** Whoever forwards the certificate is not the proxy that it says it is. */
  | "proxy-secret";

/**
 * The certificate whose key the client is known to hold, unvalidated; `undefined` without one. Only `verifyX509Svid` makes
 * an identity of it.
 */
export type ClientCertificate =
  | { readonly ok: true; readonly chain: CertificateChain | undefined }
  | { readonly ok: false; readonly reason: ClientCertificateRefusal };
