import { progress } from "@clack/prompts";
import type { Progress } from "./cli-io.ts";

/** Standard output is for data. */
const output = process.stderr;

/** Draws a progress bar in the terminal. It keeps the process alive until `end` or `fail`. */
export function startProgressBar(total: number): Progress {
  // While the bar is drawn, the library handles signals and does not end the process.
  const bar = progress({ max: total, output, cancelMessage: "Stopped.", onCancel: () => process.exit(1) });
  process.once("exit", reportInterruption);
  bar.start("");
  return {
    advance: (by, message) => bar.advance(by, message),
    end(message) {
      process.off("exit", reportInterruption);
      bar.stop(message);
    },
    fail(message) {
      process.off("exit", reportInterruption);
      bar.error(message);
    },
  };
}

/** On Ctrl-C the library exits with code 0, which a script would read as success. */
function reportInterruption(): void {
  process.exitCode = 1;
}
