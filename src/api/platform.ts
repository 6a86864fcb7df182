import type { AuditLine } from "./audit-line.ts";

/** Clock, randomness and output of the runtime. */
export interface Platform {
  /** Milliseconds since the epoch, by the worker's clock. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  randomBytes(length: number): Uint8Array<ArrayBuffer>;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Writes one operational line, for the operator. */
  log: Log;
  /** Writes the audit line of one request. */
  audit(line: AuditLine): void;
}

/** One operational line: an event, and the request during which it happened. Never contains a value, a token or a key. */
export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly event: string;
  readonly requestId?: string;
  readonly reason?: string;
  readonly detail?: string;
}

export type Log = (line: LogLine) => void;
