/** What bounds the work done for one request, and the world it needs to wait in. */
export interface Attempts {
  /** Fires when the time for the request is over. */
  readonly deadline: AbortSignal;
  /** Fires when the caller has hung up. */
  readonly client: AbortSignal;
  /** Resolves after `ms` milliseconds; rejects as soon as `signal` fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
  /** Milliseconds, by any clock that does not run backwards much: only differences count. */
  now(): number;
}

const FIRST_MS = 50;
const LONGEST_MS = 600;

/** Waits after failure number `round` (from 0): full jitter, so that those who failed together scatter. */
export async function pauseAfterFailure(attempts: Attempts, round: number, signal: AbortSignal): Promise<void> {
  await attempts.sleep(attempts.random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** round), signal);
}

const FIRST_ATTEMPTS_APART = 16;
const MAX_ATTEMPTS_APART = 256;
const LONGEST_AFTER_RACE_MS = 2000;

/**
 * Waits after lost race number `round` (from 0), which took `attemptMs` from snapshot to verdict.
 *
 * Whoever commits in that span makes the others lose, so that is the unit to scatter by: few contenders need few units,
 * many need many, near databases short ones and far databases long ones (decision 0018).
 */
export async function pauseAfterRace(
  attempts: Attempts,
  race: { readonly round: number; readonly attemptMs: number },
  signal: AbortSignal,
): Promise<void> {
  const span = Math.max(1, race.attemptMs) * Math.min(MAX_ATTEMPTS_APART, FIRST_ATTEMPTS_APART * 4 ** race.round);
  await attempts.sleep(attempts.random() * Math.min(LONGEST_AFTER_RACE_MS, span), signal);
}
