/** The expected failures of the cipher operations. */
export interface CipherFailure {
  readonly code:
    | "denied"
    /** The ciphertext exceeds the limit, or would exceed it. */
    | "ciphertext_too_large"
    /** No key of the ring decrypts it: it was encrypted under another key, or altered. */
    | "not_decrypted";
}

export type CipherResult<A> =
  | { readonly ok: true; readonly answer: A }
  | { readonly ok: false; readonly failure: CipherFailure };

export function failed(code: CipherFailure["code"]): { readonly ok: false; readonly failure: CipherFailure } {
  return { ok: false, failure: { code } };
}
