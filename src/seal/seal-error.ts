/** Why a stored record cannot be trusted. Stable codes, for the operator's log only. */
export type SealReason =
  | "malformed" // the bytes are not a record of ours
  | "unknown_suite" // sealed with an algorithm that this code does not know
  | "unknown_key" // the ring lacks the key that the record names
  | "wrong_key" // the ring has another key with that id than the store
  | "unregistered_key" // the key that signed the store row has no check value in this store
  | "duplicate_key" // the ring has one key under two ids
  | "not_authentic" // an AEAD tag or MAC does not verify
  | "inconsistent"; // each row verifies, but they do not belong together: rolled back, swapped or truncated

/**
 * A stored record does not open or verify. The message is always the same, so that no caller learns which part of a forgery
 * is already right. `reason` and `detail` are for the operator's log and contain no secret value.
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

/** A {@link SealError} as the operator's log shows it. */
export interface SealFault {
  readonly reason: `seal_${SealReason}`;
  readonly detail: string;
}

export function toSealFault({ reason, detail }: SealError): SealFault {
  return { reason: `seal_${reason}`, detail };
}
