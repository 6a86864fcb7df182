/** The limits of one request, and what it needs to wait and try again. */
export interface Attempts {
  /** Aborts when the request's time is up. */
  readonly deadline: AbortSignal;
  /** When the deadline passes, in milliseconds by {@link now}. */
  readonly endsAt: number;
  /** Aborts when the caller hangs up. */
  readonly client: AbortSignal;
  /** Resolves after `ms` milliseconds. Rejects when `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `onEnd` after `ms` milliseconds, unless the timer was disposed of. */
  startTimer(ms: number, onEnd: () => void): Disposable;
  /** Uniform in [0, 1). */
  random(): number;
  /** Milliseconds since the epoch, by the worker's clock. */
  now(): number;
}

const FIRST_MS = 50;
const MAX_MS = 600;

/**
 * Waits after failure number `round`, from 0. Full jitter spreads out requests that failed together. If the database requires
 * a pause, the jitter comes on top of it.
 */
export async function pauseAfterFailure(
  attempts: Attempts,
  { round, retryAfterMs = 0 }: { readonly round: number; readonly retryAfterMs?: number | undefined },
  signal: AbortSignal,
): Promise<void> {
  await attempts.sleep(retryAfterMs + attempts.random() * Math.min(MAX_MS, FIRST_MS * 2 ** round), signal);
}

const FIRST_SPREAD = 16;
const MAX_SPREAD = 256;
const MAX_AFTER_RACE_MS = 2000;

/**
 * Waits after lost race number `round`, from 0, which took `attemptMs` from snapshot to verdict.
 *
 * A commit within that time makes all other attempts lose, so waits are spread over multiples of it. This adapts to the number
 * of contenders and to the distance of the database (decision 0018).
 */
export async function pauseAfterRace(
  attempts: Attempts,
  race: { readonly round: number; readonly attemptMs: number },
  signal: AbortSignal,
): Promise<void> {
  const span = Math.max(1, race.attemptMs) * Math.min(MAX_SPREAD, FIRST_SPREAD * 4 ** race.round);
  await attempts.sleep(attempts.random() * Math.min(MAX_AFTER_RACE_MS, span), signal);
}
