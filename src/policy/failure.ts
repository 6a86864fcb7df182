import type { WriteFailure } from "../commit/audited-write.ts";
import type { Fault } from "../json/fault.ts";

/** The expected failures of the policy operations. */
export type PolicyFailure =
  | WriteFailure
  | { readonly code: "not_found" }
  /** `cas` does not match the row version. */
  | { readonly code: "version_conflict" }
  /** The name, a pattern or the permissions break a rule. */
  | { readonly code: "invalid_policy"; readonly fault: Fault }
  /** More policies than one answer may hold. */
  | { readonly code: "too_many_names" };

export type PolicyResult<T> = { readonly ok: true; readonly answer: T } | FailedResult;

interface FailedResult {
  readonly ok: false;
  readonly failure: PolicyFailure;
}

export function failed(code: Exclude<PolicyFailure["code"], "invalid_policy">): FailedResult {
  return { ok: false, failure: { code } };
}

export function invalidPolicy(fault: Fault): FailedResult {
  return { ok: false, failure: { code: "invalid_policy", fault } };
}
