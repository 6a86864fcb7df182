import type { LogLine } from "../api/log.ts";

/** One JSON object a line, to where the runtime collects them. */
export function logJson(line: LogLine): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), ...line }));
}
