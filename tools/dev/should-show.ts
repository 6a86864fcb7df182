interface Context {
  readonly stream: "stdout" | "stderr";
  /** The worker has answered a request. */
  readonly isReady: boolean;
}

/** wrangler's line for each request. The worker's own log has the same facts. */
const REQUEST = /^\[wrangler:info\] [A-Z]+ \//;

/** Whether to show a line of `wrangler dev` to the developer. Progress messages before the first answer are hidden. */
export function shouldShow(line: string, { stream, isReady }: Context): boolean {
  if (line.trim() === "") return false;
  return stream === "stderr" || line.startsWith("{") || (isReady && !REQUEST.test(line));
}
