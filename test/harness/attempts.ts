import { setImmediate } from "node:timers/promises";
import type { Attempts } from "../../src/store/attempts.ts";
import { StoreUnavailable } from "../../src/store/store-unavailable.ts";

const never = new AbortController().signal;

/** Retry options without a deadline, a disconnecting client, limits or pauses. */
export const PATIENT: Attempts = {
  deadline: never,
  // The last time that a Date can have.
  endsAt: 8.64e15,
  client: never,
  sleep: async () => undefined,
  startTimer: () => ({ [Symbol.dispose]: () => undefined }),
  random: () => 0.5,
  now: () => Date.now(),
};

/** {@link Attempts} whose clock only moves in `elapse`. */
export interface FakeAttempts extends Attempts {
  readonly clientController: AbortController;
  /** The pauses so far, in milliseconds. */
  readonly slept: readonly number[];
  /** Timers that have neither fired nor been disposed of, the deadline's excluded. */
  timers(): number;
  /** Moves the clock, and lets everything happen that happens in that time. */
  elapse(ms: number): Promise<void>;
}

export function fakeAttempts(timeoutMs: number): FakeAttempts {
  const slept: number[] = [];
  const timers = new Set<{ readonly at: number; readonly onEnd: () => void }>();
  const deadline = new AbortController();
  const clientController = new AbortController();
  let now = 1000;
  const startTimer = (ms: number, onEnd: () => void): Disposable => {
    const timer = { at: now + ms, onEnd };
    timers.add(timer);
    return { [Symbol.dispose]: () => void timers.delete(timer) };
  };
  startTimer(timeoutMs, () => deadline.abort(new StoreUnavailable("deadline", "none", `${timeoutMs} ms`)));
  return {
    deadline: deadline.signal,
    endsAt: now + timeoutMs,
    client: clientController.signal,
    clientController,
    slept,
    startTimer,
    random: () => 0.5,
    now: () => now,
    async sleep(ms, signal) {
      slept.push(ms);
      await new Promise<void>((resolve, reject) => {
        const timer = startTimer(ms, () => {
          signal.removeEventListener("abort", stop);
          resolve();
        });
        const stop = (): void => {
          timer[Symbol.dispose]();
          reject(signal.reason);
        };
        signal.addEventListener("abort", stop, { once: true });
        if (signal.aborted) stop();
      });
    },
    timers: () => timers.size - (deadline.signal.aborted ? 0 : 1),
    async elapse(ms) {
      const end = now + ms;
      for (;;) {
        await setImmediate();
        const [next] = [...timers].toSorted((a, b) => a.at - b.at);
        if (next === undefined || next.at > end) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.onEnd();
      }
      now = end;
    },
  };
}
