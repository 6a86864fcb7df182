import type { Fault } from "../json/fault.ts";

/** The expected failures of the cipher operations. */
export type CipherFailure =
  | { readonly code: "denied" }
  /** The ciphertext exceeds the limit, or would exceed it. */
  | { readonly code: "ciphertext_too_large"; readonly fault: Fault }
  /** No key of the ring decrypts it: it was encrypted under another key, or altered. */
  | { readonly code: "not_decrypted" };

export type CipherResult<A> = { readonly ok: true; readonly answer: A } | FailedResult;

interface FailedResult {
  readonly ok: false;
  readonly failure: CipherFailure;
}

export function failed(code: "denied" | "not_decrypted"): FailedResult {
  return { ok: false, failure: { code } };
}

/** @param member the text that exceeds `limit` bytes */
export function tooLarge(member: "plaintext" | "ciphertext", limit: number): FailedResult {
  const fault = { member, rule: `must have at most ${limit} bytes`, limit };
  return { ok: false, failure: { code: "ciphertext_too_large", fault } };
}
