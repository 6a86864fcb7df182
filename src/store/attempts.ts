/** What bounds the work done for one request, and the world it needs to wait in. */
export interface Attempts {
  /** Fires when the time for the request is over. */
  readonly deadline: AbortSignal;
  /** Fires when the caller has hung up. */
  readonly client: AbortSignal;
  /** Resolves after `ms` milliseconds; rejects as soon as `signal` fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  chance(): number;
}

const FIRST_MS = 50;
const LONGEST_MS = 600;

/** Waits before attempt number `round` (from 0): full jitter, so that those who collided once scatter. */
export async function pause(attempts: Attempts, round: number, signal: AbortSignal): Promise<void> {
  await attempts.sleep(attempts.chance() * Math.min(LONGEST_MS, FIRST_MS * 2 ** round), signal);
}
