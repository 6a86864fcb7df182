import { setTimeout as delay } from "node:timers/promises";

/** Alternately stops and continues a process until standard input ends. Arguments: process ID, share of the time it may run. */
const PERIOD_MS = 20;

const [pid, share] = process.argv.slice(2).map(Number);
if (pid === undefined || share === undefined) throw new Error("Usage: limit-cpu-process.ts PID SHARE");

let isLimited = true;
process.stdin.resume().once("end", () => (isLimited = false));
const send = (signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // The process has exited.
    isLimited = false;
  }
};
while (isLimited) {
  send("SIGCONT");
  await delay(PERIOD_MS * share);
  send("SIGSTOP");
  await delay(PERIOD_MS * (1 - share));
}
send("SIGCONT");
process.exit();
