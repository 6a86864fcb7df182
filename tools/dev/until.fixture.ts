import { setTimeout as pause } from "node:timers/promises";

const PAUSE_MS = 50;

/** Waits for something to become true. The test's own timeout is the limit. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(PAUSE_MS);
}
