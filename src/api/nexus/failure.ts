import type { CipherFailure } from "../../cipher/failure.ts";
import type { Fault } from "../../json/fault.ts";
import type { PolicyFailure } from "../../policy/failure.ts";
import type { RepairFailure } from "../../repair/failure.ts";
import type { RotationFailure } from "../../rotation/failure.ts";
import type { SecretFailure } from "../../secret/failure.ts";
import type { TrustFailure } from "../../trust/failure.ts";

/** Every expected failure of an operation. */
export type Failure =
  | SecretFailure
  | PolicyFailure
  | TrustFailure
  | RotationFailure
  | RepairFailure
  | CipherFailure
  | { readonly code: "bad_request"; readonly fault: Fault }
  | { readonly code: "unreadable_body" }
  | { readonly code: "body_too_large"; readonly maxBytes: number }
  /** The client did not finish sending the body in time. */
  | { readonly code: "body_too_slow" }
  | { readonly code: "unsupported_encoding" }
  /** No identity. The wire does not distinguish it from `denied`. `reason` is for the audit. */
  | { readonly code: "unauthorized"; readonly reason: string };

export type Answer =
  | {
      readonly ok: true;
      /** JSON text of an object, or raw bytes. */
      readonly body: string | Uint8Array<ArrayBuffer>;
      /** Sentences for the caller about what was done. Sent in the JSON as `warnings`, unless they are undefined. */
      readonly warnings?: readonly string[];
      /** Version numbers that were read or changed, for the audit line. */
      readonly versions?: readonly number[];
    }
  | Refusal;

export interface Refusal {
  readonly ok: false;
  readonly failure: Failure;
  /** Sent as plain text instead of the operation's JSON. */
  readonly text?: string;
}

/** Failures that have more than a code. */
type DetailedCode =
  | "bad_request"
  | "body_too_large"
  | "unauthorized"
  | "invalid_policy"
  | "invalid_bundle"
  | "endpoint_failed"
  | "store_not_recoverable"
  | "beyond_too_low"
  | "ciphertext_too_large";

export function refused(code: Exclude<Failure["code"], DetailedCode>): Refusal {
  return { ok: false, failure: { code } };
}

export function badRequest(fault: Fault): Refusal {
  return { ok: false, failure: { code: "bad_request", fault } };
}
