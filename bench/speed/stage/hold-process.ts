import { setTimeout as pause } from "node:timers/promises";

/** Stops a process and lets it go on, in turn, until its own input ends. Arguments: the share, the process. */
const PERIOD_MS = 20;

const [share, pid] = process.argv.slice(2).map(Number);
if (share === undefined || pid === undefined) throw new Error("hold-process.ts SHARE PID");

let held = true;
process.stdin.resume().once("end", () => (held = false));
// A process that is gone cannot be held.
const send = (signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    held = false;
  }
};
while (held) {
  send("SIGCONT");
  await pause(PERIOD_MS * share);
  send("SIGSTOP");
  await pause(PERIOD_MS * (1 - share));
}
send("SIGCONT");
process.exit();
