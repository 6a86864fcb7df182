import type { WriteFailure } from "../commit/audited-write.ts";

/** The expected failures of the rotation operations. */
export type RotationFailure =
  | WriteFailure
  /** The named key is not the first of the ring: a typo, or this worker does not have it yet. */
  | { readonly code: "key_not_first" }
  /** The first key of the ring is not registered, so rows cannot be moved to it. */
  | { readonly code: "key_not_registered" };

export type RotationResult<A> =
  | { readonly ok: true; readonly answer: A }
  | { readonly ok: false; readonly failure: RotationFailure };
