/** A write that the service acknowledged, described like an audit entry. */
export interface AcknowledgedWrite {
  /** The `Idempotency-Key` of the request. */
  readonly key: string;
  readonly spiffeId: string;
  readonly action: string;
  /** `secret:PATH` or `policy:NAME` */
  readonly resource: string;
  /** From the response. */
  readonly version: number;
  readonly revision: number;
}

/** All acknowledged writes in the order of their responses. A write that was acknowledged twice appears twice. */
export interface Ledger {
  readonly writes: readonly AcknowledgedWrite[];
  add(write: AcknowledgedWrite): void;
}

export function createLedger(): Ledger {
  const writes: AcknowledgedWrite[] = [];
  return { writes, add: (write) => void writes.push(write) };
}

/** The highest acknowledged version of a secret, or 0. */
export function latestVersion({ writes }: Ledger, path: string): number {
  const puts = writes.filter(({ action, resource }) => action === "put" && resource === `secret:${path}`);
  return Math.max(0, ...puts.map(({ version }) => version));
}
