import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { endWithUs } from "../../../tools/command/end-with-us.ts";

const HOLDER = fileURLToPath(new URL("hold-process.ts", import.meta.url));

/**
 * Lets a process run for a share of the time only, from a process of its own: in this one, which makes the load, the times would
 * be those of the load.
 *
 * @returns lets it run again.
 */
export function holdTo(share: number, pid: number): () => Promise<void> {
  const child = spawn(process.execPath, [HOLDER, String(share), String(pid)], { stdio: ["pipe", "ignore", "inherit"] });
  const gone = endWithUs(child);
  return async () => {
    child.stdin.end();
    await gone;
  };
}
