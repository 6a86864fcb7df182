import type { Attempts } from "../store/attempts.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { requestIdOf } from "./request-id.ts";
import type { World } from "./service.ts";

/** What belongs to one request and ends with it. */
export interface RequestScope extends Disposable {
  /** See {@link requestIdOf}. */
  readonly id: string;
  readonly attempts: Attempts;
}

/** Starts the clock of a request: its signals fire at the deadline and when the client hangs up. */
export function openScope(request: Request, world: World, timeoutMs: number): RequestScope {
  const deadline = new AbortController();
  const client = new AbortController();
  const timer = setTimeout(
    () => deadline.abort(new StoreUnavailable("deadline", "none", `${timeoutMs} ms`)),
    timeoutMs,
  );
  const hungUp = (): void => client.abort(new StoreUnavailable("gone", "none", "client"));
  request.signal.addEventListener("abort", hungUp);
  if (request.signal.aborted) hungUp();
  return {
    id: requestIdOf(request, world),
    attempts: {
      deadline: deadline.signal,
      client: client.signal,
      sleep: (ms, signal) => world.sleep(ms, signal),
      chance: () => world.chance(),
      now: () => world.now(),
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", hungUp);
    },
  };
}
