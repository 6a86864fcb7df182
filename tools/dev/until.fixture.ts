import { setTimeout as pause } from "node:timers/promises";

const PAUSE_MS = 50;

/** Polls until the condition is true. Only the timeout of the test limits it. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(PAUSE_MS);
}
