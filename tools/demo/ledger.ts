/** A write that the service has acknowledged, in the audit's words. */
export interface AcknowledgedWrite {
  /** The `Idempotency-Key` it was sent under. */
  readonly key: string;
  /** SPIFFE ID. */
  readonly caller: string;
  readonly action: string;
  /** `secret:PATH` or `policy:NAME` */
  readonly resource: string;
  /** What the answer says of it. */
  readonly version: number;
  readonly revision: number;
}

/** Everything acknowledged so far, in the order of the answers. A write whose answer came twice is there twice. */
export interface Ledger {
  readonly writes: readonly AcknowledgedWrite[];
  add(write: AcknowledgedWrite): void;
}

export function emptyLedger(): Ledger {
  const writes: AcknowledgedWrite[] = [];
  return { writes, add: (write) => void writes.push(write) };
}
