/** A client certificate and its intermediates as received: DER that has not been parsed. */
export interface CertificateChain {
  readonly leaf: Uint8Array<ArrayBuffer>;
  /** In any order and number. */
  readonly intermediates: readonly Uint8Array<ArrayBuffer>[];
}
