import { BookmarkRefused } from "../../commit/bookmark/bookmark-refused.ts";
import type { MarkFault } from "../../commit/bookmark/judge.ts";
import { StoreUnavailable } from "../../store/store-unavailable.ts";
import type { Failure } from "./failure.ts";

/** Status and `err` of an error answer. */
export interface WireError {
  readonly status: number;
  readonly err: string;
}

/**
 * Maps every failure to the wire. SPIKE's Go clients read only the status, and know 400, 401, 404 and 503. The other statuses
 * answer requests that those clients never send.
 */
const FAILURES: Readonly<Record<Failure["code"], WireError>> = {
  bad_request: { status: 400, err: "api_bad_request" },
  unreadable_body: { status: 400, err: "data_read_failure" },
  body_too_large: { status: 413, err: "too_large" },
  body_too_slow: { status: 408, err: "request_timeout" },
  unsupported_encoding: { status: 415, err: "unsupported_encoding" },
  unauthorized: { status: 401, err: "access_unauthorized" },
  denied: { status: 401, err: "access_unauthorized" },
  invalid_policy: { status: 400, err: "api_bad_request" },
  invalid_bundle: { status: 400, err: "api_bad_request" },
  bundle_outdated: { status: 409, err: "bundle_outdated" },
  endpoint_failed: { status: 502, err: "endpoint_failed" },
  not_found: { status: 404, err: "api_not_found" },
  version_conflict: { status: 409, err: "version_conflict" },
  idempotency_key_reused: { status: 422, err: "idempotency_key_reused" },
  ciphertext_too_large: { status: 400, err: "api_bad_request" },
  not_decrypted: { status: 400, err: "api_bad_request" },
  key_not_first: { status: 409, err: "key_not_first" },
  key_not_primary: { status: 409, err: "key_not_primary" },
  duplicate_key: { status: 409, err: "duplicate_key" },
  list_changed: { status: 409, err: "list_changed" },
  store_not_damaged: { status: 409, err: "store_not_damaged" },
  store_not_recoverable: { status: 409, err: "store_not_recoverable" },
  beyond_too_low: { status: 400, err: "api_bad_request" },
  too_many_rows: { status: 409, err: "too_many_rows" },
  too_many_names: { status: 400, err: "too_large" },
};

const BOOKMARK_STATUS: Readonly<Record<MarkFault, number>> = {
  other_store: 409,
  store_replaced: 409,
  bookmark_expired: 409,
  store_behind: 503,
  store_went_back: 500,
};

export function wireFailure(failure: Failure): WireError {
  return FAILURES[failure.code];
}

/** Maps a thrown error to the wire, without a detail. */
export function wireException(error: unknown): WireError {
  if (error instanceof BookmarkRefused) return { status: BOOKMARK_STATUS[error.reason], err: error.reason };
  if (!(error instanceof StoreUnavailable)) return { status: 500, err: "api_internal_error" };
  // The caller's own content exceeds a limit of the database, and nothing was stored.
  return error.reason === "too_large" && error.outcome === "none"
    ? FAILURES.body_too_large
    : { status: 503, err: "store_unavailable" };
}
