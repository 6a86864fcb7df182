/** Why a stored record is not to be trusted. Stable, for the operator's log alone. */
export type SealReason =
  | "malformed" // the bytes are no record of ours
  | "unknown_suite" // sealed by an algorithm that this code does not know
  | "unknown_key" // the ring lacks the key that the record names
  | "wrong_key" // the ring's key of that name is not the one the store was written with
  | "unregistered_key" // no key of the ring has a check value in this store
  | "not_authentic" // an AEAD tag or MAC does not verify
  | "inconsistent"; // each row verifies, but they do not belong together: rolled back, swapped, cut

/**
 * A stored record failed to open or to verify. The message is one and the same whatever happened, so that no caller
 * learns which part of a forgery was already right; `reason` and `detail` are for the operator's log and hold no value.
 */
export class SealError extends Error {
  override readonly name = "SealError";
  readonly reason: SealReason;
  readonly detail: string;

  constructor(reason: SealReason, detail: string) {
    super("Cannot use a stored record: it does not verify");
    this.reason = reason;
    this.detail = detail;
  }
}

/** What the operator's log says of such a failure. */
export interface SealFault {
  readonly reason: `seal_${SealReason}`;
  readonly detail: string;
}

export function toSealFault({ reason, detail }: SealError): SealFault {
  return { reason: `seal_${reason}`, detail };
}
