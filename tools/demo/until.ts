import { setTimeout as pause } from "node:timers/promises";

const PAUSE_MS = 2;

/** Waits for something that others bring about. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(PAUSE_MS);
}
