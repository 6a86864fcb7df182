import { setTimeout as delay } from "node:timers/promises";

const POLL_INTERVAL_MS = 2;

/** Waits for a condition that concurrent code makes true. */
export async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(POLL_INTERVAL_MS);
}
