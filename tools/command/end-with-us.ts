import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A line says that the child has ended; the end of the input, that this process has. */
const WATCH = 'read -r line || kill -9 "$0"';

/**
 * Sees to it that a child does not outlive this process, not even if this process is killed without warning.
 *
 * @param options `group`: the child leads a process group, and all of it is meant.
 * @returns fulfilled when the child has ended.
 */
export async function endWithUs(child: ChildProcess, { group = false } = {}): Promise<void> {
  if (child.pid === undefined) return;
  const target = `${group ? "-" : ""}${child.pid}`;
  // A group of its own: Ctrl-C must not end the watch before its time.
  const watch = spawn("sh", ["-c", WATCH, target], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  const watched = once(watch, "exit");
  // If somebody has killed the watch, there is nobody to tell.
  watch.stdin.on("error", () => undefined);
  await once(child, "close");
  watch.stdin.end("\n");
  await watched;
}
