import { setTimeout as pause } from "node:timers/promises";

const ATTEMPT_MS = 5_000;
const PAUSE_MS = 100;

/** Lists secrets through the worker on this port until it answers 200. False if `signal` aborts first. */
export async function waitUntilServing(port: number, token: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await isServing(port, token, signal)) return true;
    await pause(PAUSE_MS);
  }
  return false;
}

async function isServing(port: number, token: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/v1/store/secrets?action=list`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}` },
      body: "{}",
      signal: AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]),
    });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    // Not listening yet.
    return false;
  }
}
