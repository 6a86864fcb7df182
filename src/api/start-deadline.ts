import type { Attempts } from "../store/attempts.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { Platform } from "./platform.ts";

/** Work that has to end by a deadline. Dispose of it when the work is done. */
export interface Deadline extends Disposable {
  readonly attempts: Attempts;
}

/** Starts a deadline of `timeoutMs`. `client`, if given, fires when the client has hung up. */
export function startDeadline(platform: Platform, timeoutMs: number, client?: AbortSignal): Deadline {
  const deadline = new AbortController();
  const gone = new AbortController();
  const timer = setTimeout(
    () => deadline.abort(new StoreUnavailable("deadline", "none", `${timeoutMs} ms`)),
    timeoutMs,
  );
  const endsAt = platform.now() + timeoutMs;
  const onHangUp = (): void => gone.abort(new StoreUnavailable("gone", "none", "client"));
  client?.addEventListener("abort", onHangUp);
  if (client?.aborted === true) onHangUp();
  return {
    attempts: {
      deadline: deadline.signal,
      endsAt,
      client: gone.signal,
      sleep: (ms, signal) => platform.sleep(ms, signal),
      startTimer,
      random: () => platform.random(),
      now: () => platform.now(),
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      client?.removeEventListener("abort", onHangUp);
    },
  };
}

function startTimer(ms: number, onEnd: () => void): Disposable {
  const handle = setTimeout(onEnd, ms);
  return {
    [Symbol.dispose]() {
      clearTimeout(handle);
    },
  };
}
