import type { WriteFailure } from "../commit/audited-write.ts";

/** The expected failures of the rotation operations. */
export type RotationFailure =
  | WriteFailure
  /** The named key is not the first of the ring: a typo, or this worker does not have it yet. */
  | { readonly code: "key_not_first" }
  /** The named key is already known under another id, so registering it would only rename it. */
  | { readonly code: "duplicate_key" }
  /** The first key of the ring is not the key that rows are written under, so rows are not moved to it. */
  | { readonly code: "key_not_primary" };

export type RotationResult<A> =
  | { readonly ok: true; readonly answer: A }
  | { readonly ok: false; readonly failure: RotationFailure };
