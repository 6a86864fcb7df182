import type { World } from "../api/service.ts";

/** Where lines go. */
export type Output = Pick<World, "log" | "audit">;

/** Time and chance of the platform, which every runtime has by the same names. */
export function worldOf(output: Output): World {
  return {
    now: () => Date.now(),
    chance: () => Math.random(),
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
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
