import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import type { Outcome } from "./outcome.ts";
import { hranaErrorOf, isWorthRetrying } from "./sqlite-error.ts";

/** How long a request waits for locks that other streams hold, and whether anybody still wants its answer. */
export interface Patience {
  readonly busyTimeoutMs: number;
  readonly isAbandoned: () => boolean;
}

/** Thrown when the client has gone or the server closes while a statement waits; the stream is rolled back then. */
export class AbandonedError extends Error {}

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 8;

/**
 * Makes an attempt and repeats it while SQLite reports a lock, without blocking the thread in between: the stream that
 * holds the lock is served by the same one. An attempt that meets no lock is over before this returns.
 */
export async function attempt<T>(
  connection: Connection,
  patience: Patience,
  action: () => Outcome<T>,
): Promise<Outcome<T>> {
  const deadline = performance.now() + patience.busyTimeoutMs;
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    try {
      return action();
    } catch (error) {
      const failed = hranaErrorOf(error);
      if (failed === undefined) {
        throw error;
      }
      if (!isWorthRetrying(error) || performance.now() >= deadline) {
        return { ok: false, error: failed };
      }
    }
    await sleep(pause);
    if (patience.isAbandoned()) {
      throw new AbandonedError("Cannot go on waiting for a lock: nobody waits for the answer");
    }
    connection.forgetSchema();
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}
