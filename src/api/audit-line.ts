/**
 * What the audit stream says of one request; every request has one such line, whatever came of it. Never a value, a token
 * or a key.
 */
export interface AuditLine {
  /** See `requestIdOf`: the caller finds it in `X-Request-Id`, the stored audit as `trace_id`. */
  readonly traceId: string;
  /** Who called. */
  readonly spiffeId?: string;
  /** What proved it: a JWT-SVID, an X.509-SVID, or both. */
  readonly proof?: "jwt" | "x509" | "jwt+x509";
  /** Who the caller claims to be, where that did not verify. */
  readonly claimed?: string;
  /** `secret.get`, `policy.put`, …; `none` where the request names no operation. */
  readonly action: string;
  /** `secret:PATH`, `policy:NAME` and so on, as in the stored audit; left out where the request names none. */
  readonly resource?: string;
  /** `ok`, or the stable code of what stood in the way. */
  readonly outcome: string;
  /** More on the outcome, where there is more: why an identity was refused. */
  readonly reason?: string;
  readonly status: number;
  readonly durationMs: number;
  /** Requests to the database, and the time spent waiting for them. */
  readonly roundTrips: number;
  readonly databaseMs: number;
}

/** The parts that become known on a request's way. */
export interface Trail {
  action: string;
  spiffeId?: string;
  proof?: NonNullable<AuditLine["proof"]>;
  claimed?: string;
  resource?: string;
  outcome: string;
  reason?: string;
}
