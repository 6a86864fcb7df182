/** What the verbs of this room may expectedly end in, besides success. */
export interface CipherFailure {
  readonly code:
    | "denied"
    /** The plaintext would make a ciphertext beyond the limit, or the ciphertext is beyond it. */
    | "ciphertext_too_large"
    /** No key of the ring made this, or somebody altered it. */
    | "not_decrypted";
}

export type CipherResult<A> =
  | { readonly ok: true; readonly answer: A }
  | { readonly ok: false; readonly failure: CipherFailure };

export function failed(code: CipherFailure["code"]): { readonly ok: false; readonly failure: CipherFailure } {
  return { ok: false, failure: { code } };
}
