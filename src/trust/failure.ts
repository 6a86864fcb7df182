import type { WriteFailure } from "../commit/audited-write.ts";
import type { Fault } from "../json/fault.ts";

/** The expected failures of the trust bundle operations. */
export type TrustFailure =
  | WriteFailure
  | { readonly code: "not_found" }
  /** `cas` does not match the row version. */
  | { readonly code: "version_conflict" }
  /** The trust domain, the bundle or the endpoint breaks a rule. */
  | { readonly code: "invalid_bundle"; readonly fault: Fault }
  /** The `spiffe_sequence` is lower than that of the stored bundle, or missing. */
  | { readonly code: "bundle_outdated" }
  /** The endpoint did not return a usable bundle. */
  | { readonly code: "endpoint_failed"; readonly fault: Fault };

export type TrustResult<T> = { readonly ok: true; readonly answer: T } | FailedResult;

interface FailedResult {
  readonly ok: false;
  readonly failure: TrustFailure;
}

export function failed(code: Exclude<TrustFailure["code"], "invalid_bundle" | "endpoint_failed">): FailedResult {
  return { ok: false, failure: { code } };
}

export function invalidBundle(fault: Fault): FailedResult {
  return { ok: false, failure: { code: "invalid_bundle", fault } };
}

export function endpointFailed(problem: string): FailedResult {
  return {
    ok: false,
    failure: {
      code: "endpoint_failed",
      fault: { member: "endpointUrl", rule: `must return a usable bundle: ${problem}` },
    },
  };
}
