interface Context {
  readonly stream: "stdout" | "stderr";
  /** Whether the worker has answered a request yet. */
  readonly isReady: boolean;
}

/** How wrangler reports each request. The worker's own log has what matters of it. */
const REQUEST = /^\[wrangler:info\] [A-Z]+ \//;

/** Whether a line of `wrangler dev` is of use to a developer. What it says of its own start is not. */
export function isWorthShowing(line: string, { stream, isReady }: Context): boolean {
  if (line.trim() === "") return false;
  return stream === "stderr" || line.startsWith("{") || (isReady && !REQUEST.test(line));
}
