import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ScratchFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Reads a line once the folder is removed. If the input ends first, this process was killed. It removes the folder twice,
 * because child processes may still write into it for a moment.
 */
const WATCH = 'read -r line || for wait in 1 5; do sleep "$wait"; rm -rf "$0"; done';

/** Creates an empty temporary folder. It is removed soon after this process ends, even by SIGKILL. */
export function scratchFolder(): ScratchFolder {
  const path = mkdtempSync(join(tmpdir(), "spike-edge-scratch-"));
  // Its own process group: Ctrl-C must not end the watch before this process.
  const watch = spawn("sh", ["-c", WATCH, path], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  const watched = once(watch, "exit");
  // EPIPE if the watch was killed.
  watch.stdin.on("error", () => undefined);
  return {
    path,
    async remove() {
      rmSync(path, { recursive: true, force: true });
      watch.stdin.end("\n");
      await watched;
    },
  };
}
