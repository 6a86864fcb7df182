import type { WriteFailure } from "../commit/audited-write.ts";

/** What a request for a trust bundle may run into, expectedly. */
export type TrustFailure =
  | WriteFailure
  | { readonly code: "not_found" }
  /** `cas` was sent and is not the row version. */
  | { readonly code: "version_conflict" }
  /** A trust domain, bundle or endpoint breaks a rule; `detail` says which, in words, for the operator's log. */
  | { readonly code: "invalid_bundle"; readonly detail: string }
  /** The bundle is older than the stored one, by its `spiffe_sequence`. */
  | { readonly code: "bundle_outdated" }
  /** The endpoint gave no usable bundle; `detail` says what it gave, for the operator's log. */
  | { readonly code: "endpoint_failed"; readonly detail: string };

export type TrustResult<T> =
  | { readonly ok: true; readonly answer: T }
  | { readonly ok: false; readonly failure: TrustFailure };

type Failed = { readonly ok: false; readonly failure: TrustFailure };

export function fail(code: Exclude<TrustFailure["code"], "invalid_bundle" | "endpoint_failed">): Failed {
  return { ok: false, failure: { code } };
}

export function invalidBundle(detail: string): Failed {
  return { ok: false, failure: { code: "invalid_bundle", detail } };
}

export function endpointFailed(detail: string): Failed {
  return { ok: false, failure: { code: "endpoint_failed", detail } };
}
