/** A client certificate as it arrived, with what came along: DER that nobody has looked at yet. */
export interface CertificateChain {
  readonly leaf: Uint8Array<ArrayBuffer>;
  /** In any order, and as many as were sent. */
  readonly intermediates: readonly Uint8Array<ArrayBuffer>[];
}
