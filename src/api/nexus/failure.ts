import type { CipherFailure } from "../../cipher/failure.ts";
import type { PolicyFailure } from "../../policy/failure.ts";
import type { RotationFailure } from "../../rotation/failure.ts";
import type { SecretFailure } from "../../secret/failure.ts";
import type { TrustFailure } from "../../trust/failure.ts";

/** Everything a request at this door may expectedly end in, besides success. */
export type Failure =
  | SecretFailure
  | PolicyFailure
  | TrustFailure
  | RotationFailure
  | CipherFailure
  | { readonly code: "bad_request" }
  | { readonly code: "unreadable_body" }
  | { readonly code: "body_too_large" }
  /** No identity. The caller is not told apart from one who may not. `reason` is for the audit. */
  | { readonly code: "unauthorized"; readonly reason: string };

export type Answer =
  | { readonly ok: true; /** JSON text, or bytes as they are. */ readonly body: string | Uint8Array<ArrayBuffer> }
  | {
      readonly ok: false;
      readonly failure: Failure;
      /** Told as plain text in the place of the operation's JSON. */
      readonly text?: string;
    };

/** Failures that say more than their code. */
type Detailed = "unauthorized" | "invalid_policy" | "invalid_bundle" | "endpoint_failed";

export function refused(code: Exclude<Failure["code"], Detailed>): Answer {
  return { ok: false, failure: { code } };
}
