import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ScratchFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** A line says that the folder is gone; the end of the input, that this process is. What it started may write on a little. */
const WATCH = 'read -r line || for wait in 1 5; do sleep "$wait"; rm -rf "$0"; done';

/** Makes an empty folder. It goes shortly after this process at the latest, even if that is killed without warning. */
export function scratchFolder(): ScratchFolder {
  const path = mkdtempSync(join(tmpdir(), "spike-edge-scratch-"));
  // A group of its own: Ctrl-C must not end the watch before its time.
  const watch = spawn("sh", ["-c", WATCH, path], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  const watched = once(watch, "exit");
  // If somebody has killed the watch, there is nobody to tell.
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
