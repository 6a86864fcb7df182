/** 32 bytes in base64url, as the service makes its write ids. No other argument of a statement has this form. */
const WRITE_ID = /"value":"([\w-]{43})"/;
/** The clients' trace IDs begin with zeros. */
const TRACE = /"value":"(0{8}[0-9a-f]{24})"/;

/** The write id among the arguments of a database request. Undefined for the load of a read. */
export function writeIdIn(body: string): string | undefined {
  return WRITE_ID.exec(body)?.[1];
}

/** The trace ID of the client's request among the arguments of a commit. */
export function traceIn(body: string): string | undefined {
  return TRACE.exec(body)?.[1];
}
