import type { CipherFailure } from "../../cipher/failure.ts";
import type { PolicyFailure } from "../../policy/failure.ts";
import type { RotationFailure } from "../../rotation/failure.ts";
import type { SecretFailure } from "../../secret/failure.ts";
import type { TrustFailure } from "../../trust/failure.ts";

/** Every expected failure of an operation. */
export type Failure =
  | SecretFailure
  | PolicyFailure
  | TrustFailure
  | RotationFailure
  | CipherFailure
  | { readonly code: "bad_request" }
  | { readonly code: "unreadable_body" }
  | { readonly code: "body_too_large" }
  /** No identity. The wire does not distinguish it from `denied`. `reason` is for the audit. */
  | { readonly code: "unauthorized"; readonly reason: string };

export type Answer =
  | { readonly ok: true; /** JSON text, or raw bytes. */ readonly body: string | Uint8Array<ArrayBuffer> }
  | Refusal;

export interface Refusal {
  readonly ok: false;
  readonly failure: Failure;
  /** Sent as plain text instead of the operation's JSON. */
  readonly text?: string;
}

/** Failures that have more than a code. */
type DetailedCode = "unauthorized" | "invalid_policy" | "invalid_bundle" | "endpoint_failed";

export function refused(code: Exclude<Failure["code"], DetailedCode>): Refusal {
  return { ok: false, failure: { code } };
}
