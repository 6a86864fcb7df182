/** One operational line: what happened, and the request it happened to. Never a value, a token or a key. */
export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly event: string;
  readonly requestId?: string;
  readonly reason?: string;
  readonly detail?: string;
}

export type Log = (line: LogLine) => void;
