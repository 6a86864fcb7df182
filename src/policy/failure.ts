import type { WriteFailure } from "../commit/audited-write.ts";

/** What a request for a policy may run into, expectedly. */
export type PolicyFailure =
  | WriteFailure
  | { readonly code: "not_found" }
  /** `cas` was sent and is not the row version. */
  | { readonly code: "version_conflict" }
  /** A name, pattern or permission breaks a rule; `detail` says which, in words, for the operator's log. */
  | { readonly code: "invalid_policy"; readonly detail: string }
  /** More names than one answer may hold. */
  | { readonly code: "too_many_names" };

export type PolicyResult<T> =
  | { readonly ok: true; readonly answer: T }
  | { readonly ok: false; readonly failure: PolicyFailure };

export function fail(code: Exclude<PolicyFailure["code"], "invalid_policy">): {
  readonly ok: false;
  readonly failure: PolicyFailure;
} {
  return { ok: false, failure: { code } };
}

export function invalidPolicy(detail: string): { readonly ok: false; readonly failure: PolicyFailure } {
  return { ok: false, failure: { code: "invalid_policy", detail } };
}
