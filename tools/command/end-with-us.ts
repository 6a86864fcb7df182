import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** Reads a line once the child has ended. If the input ends first, this process was killed, and the child has to go. */
const WATCH = 'read -r line || kill -9 "$0"';

/**
 * Makes sure that a child does not outlive this process, even if this process is killed with SIGKILL.
 *
 * @param options `group`: the child leads a process group, and the whole group is killed.
 * @returns fulfilled when the child has ended.
 */
export async function endWithUs(child: ChildProcess, { group = false } = {}): Promise<void> {
  if (child.pid === undefined) return;
  const target = `${group ? "-" : ""}${child.pid}`;
  // Its own process group: Ctrl-C must not end the watch before the child.
  const watch = spawn("sh", ["-c", WATCH, target], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  const watched = once(watch, "exit");
  // EPIPE if the watch was killed.
  watch.stdin.on("error", () => undefined);
  await once(child, "close");
  watch.stdin.end("\n");
  await watched;
}
