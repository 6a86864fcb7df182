import type { WriteFailure } from "../commit/audited-write.ts";

/** What a request for a secret may run into, expectedly. */
export type SecretFailure =
  | WriteFailure
  | { readonly code: "not_found" }
  /** `cas` was sent and is not the highest number written. */
  | { readonly code: "version_conflict" }
  /** More names than one answer may hold. */
  | { readonly code: "too_many_names" };

export type SecretResult<T> =
  | { readonly ok: true; readonly answer: T }
  | { readonly ok: false; readonly failure: SecretFailure };

export function failed(code: SecretFailure["code"]): { readonly ok: false; readonly failure: SecretFailure } {
  return { ok: false, failure: { code } };
}
