/** The audit line of one request. Every request has exactly one. Never contains a value, a token or a key. */
export interface AuditLine {
  /** The caller finds it in `X-Request-Id`, the stored audit has it as `trace_id`. See `traceIdOf`. */
  readonly traceId: string;
  /** The client's IP address, if the platform reports it. See `clientAddress`. */
  readonly address?: string;
  /** SPIFFE ID of the caller, once it is proved. */
  readonly spiffeId?: string;
  /** The credential that proved it: a JWT-SVID, an X.509-SVID, or both. */
  readonly proof?: "jwt" | "x509" | "jwt+x509";
  /** SPIFFE ID that the credentials claim, if they did not verify. */
  readonly claimed?: string;
  /** `secret.get`, `policy.put`, …; `none` if the request names no operation. */
  readonly action: string;
  /** `secret:PATH`, `policy:NAME` and so on, as in the stored audit. Absent if the request names none. */
  readonly resource?: string;
  /** `ok`, or the stable code of the failure. */
  readonly outcome: string;
  /** Detail on the outcome: why an identity was refused, or which rule the request breaks. */
  readonly reason?: string;
  /** Version numbers of the secret that were read or changed. */
  readonly versions?: readonly number[];
  readonly status: number;
  readonly durationMs: number;
  /** Number of database requests, and the time spent waiting for them. */
  readonly roundTrips: number;
  readonly databaseMs: number;
}

/** The fields of the audit line that become known while the request is processed. */
export interface Trail {
  action: string;
  spiffeId?: string;
  proof?: NonNullable<AuditLine["proof"]>;
  claimed?: string;
  resource?: string;
  outcome: string;
  reason?: string;
  versions?: readonly number[];
}
