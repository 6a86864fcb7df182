import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { endWithUs } from "../../../tools/command/end-with-us.ts";

const SCRIPT = fileURLToPath(new URL("limit-cpu-process.ts", import.meta.url));

/**
 * Lets a process run only for a share of the time. The limit is enforced by a separate process, because timers in this process
 * are delayed by the load that it generates.
 *
 * @returns a function that removes the limit
 */
export function limitCpu(pid: number, share: number): () => Promise<void> {
  const child = spawn(process.execPath, [SCRIPT, String(pid), String(share)], { stdio: ["pipe", "ignore", "inherit"] });
  const ended = endWithUs(child);
  return async () => {
    child.stdin.end();
    await ended;
  };
}
