import { setTimeout as sleep } from "node:timers/promises";
import { isWorthRetrying } from "./errors.ts";

export interface LockWait {
  /** After this time a statement that still meets a lock fails with SQLITE_BUSY. */
  readonly timeoutMs: number;
  /** True if the client has disconnected or the server is closing. */
  readonly isAbandoned: () => boolean;
}

const FIRST_PAUSE_MS = 1;
const MAX_PAUSE_MS = 8;

/**
 * Repeats `attempt` while SQLite reports a lock. SQLite itself must not wait: it would block the only thread, which also
 * serves the holder of the lock.
 */
export async function waitForLock<T>({ timeoutMs, isAbandoned }: LockWait, attempt: () => T): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
    try {
      return attempt();
    } catch (error) {
      if (!isWorthRetrying(error) || performance.now() >= deadline) {
        throw error;
      }
    }
    await sleep(pause);
    if (isAbandoned()) {
      throw new Error("Cannot wait for the lock: the request was abandoned");
    }
  }
}
