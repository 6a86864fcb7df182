import type { Platform } from "../api/platform.ts";

/** Where lines go. */
export type Output = Pick<Platform, "log" | "audit">;

/** Time and chance of the platform, which every runtime has by the same names. */
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
