import { progress } from "@clack/prompts";
import type { Progress } from "./surroundings.ts";

/** Words for people go where the others go. */
const output = process.stderr;

/** How far something has come, drawn on a terminal. It has to be ended: until then it keeps the process alive. */
export function progressBar(total: number): Progress {
  // While it is drawn, the library listens to signals, and does not end the process.
  const bar = progress({ max: total, output, cancelMessage: "Stopped.", onCancel: () => process.exit(1) });
  process.once("exit", stopped);
  bar.start("");
  return {
    advance: (by, message) => bar.advance(by, message),
    end(message) {
      process.off("exit", stopped);
      bar.stop(message);
    },
    fail(message) {
      process.off("exit", stopped);
      bar.error(message);
    },
  };
}

/** At Ctrl-C the library exits with 0, which would tell a script that all is done. */
function stopped(): void {
  process.exitCode = 1;
}
