import type { WriteFailure } from "../commit/audited-write.ts";

/** The expected failures of secret operations. */
export type SecretFailure =
  | WriteFailure
  | { readonly code: "not_found" }
  /** `cas` was sent and is not the highest version number ever written. */
  | { readonly code: "version_conflict" }
  /** More names than one response may contain. */
  | { readonly code: "too_many_names" };

export type SecretResult<T> =
  | { readonly ok: true; readonly answer: T }
  | { readonly ok: false; readonly failure: SecretFailure };

export function failed(code: SecretFailure["code"]): { readonly ok: false; readonly failure: SecretFailure } {
  return { ok: false, failure: { code } };
}
