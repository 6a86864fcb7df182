import type { SecretFailure } from "../../secret/failure.ts";

/** Everything a request at this door may expectedly end in, besides success. */
export type Failure =
  | SecretFailure
  | { readonly code: "bad_request" }
  | { readonly code: "unreadable_body" }
  | { readonly code: "body_too_large" }
  /** No identity, or one that may not: the caller is not told which. `reason` is for the log. */
  | { readonly code: "unauthorized"; readonly reason: string };

export type Answer =
  | { readonly ok: true; /** JSON text. */ readonly body: string }
  | { readonly ok: false; readonly failure: Failure };

export function refused(code: Exclude<Failure["code"], "unauthorized">): Answer {
  return { ok: false, failure: { code } };
}
