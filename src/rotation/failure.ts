import type { WriteFailure } from "../commit/audited-write.ts";

/** What the verbs of this room may expectedly end in, besides success. */
export type RotationFailure =
  | WriteFailure
  /** The key that is named is not the first of the ring: a slip, or the worker has not got it yet. */
  | { readonly code: "key_not_first" }
  /** The first key of the ring is not registered: there is nothing yet that rows could be put under. */
  | { readonly code: "key_not_registered" };

export type RotationResult<A> =
  | { readonly ok: true; readonly answer: A }
  | { readonly ok: false; readonly failure: RotationFailure };
