import type { Platform } from "../api/platform.ts";

/** Destination of log and audit lines. */
export type Output = Pick<Platform, "log" | "audit">;

/** The clock and randomness that all runtimes have under the same names, with the given output. */
export function createPlatform(output: Output): Platform {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    sleep,
    ...output,
  };
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
